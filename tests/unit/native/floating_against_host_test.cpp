// x87, MMX and SSE instructions as emulated, against the same bytes executed by the host's CPU: all opcodes, with registers
// and operands by chance. In 64-bit mode these bytes mean the same as in 32-bit mode, as long as addresses are in EBX.
#include "core/x86/arithmetic.hpp"
#include "core/x86/floating_emulator.hpp"
#include "core/x86/floating_kind.hpp"
#include "core/x86/floating_registers.hpp"
#include "core/x86/sse_exceptions.hpp"
#include "strategies/native/host_floating_unit.hpp"

#include "tests/unit/x86/emulated_guest.hpp"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <random>
#include <sys/mman.h>
#include <ucontext.h>

using namespace ringside;
using namespace ringside::test;

namespace {

// Registers as the instruction finds and leaves them. EBX and ESP are not among them: one is the operand's address, the
// other the test's.
struct Machine {
    alignas(16) std::array<std::byte, 512> image {};
    alignas(16) std::array<std::byte, 16> operand {};
    uint64_t eax = 0, ecx = 0, edx = 0, ebp = 0, esi = 0, edi = 0, flags = 0;

    FloatingRegisters registers() { return FloatingRegisters(image.data()); }
    bool operator==(const Machine&) const = default;
};
static_assert(offsetof(Machine, operand) == 512 && offsetof(Machine, eax) == 528 && offsetof(Machine, flags) == 576);

}

extern "C" void run_floating_directly(Machine* machine, const uint8_t* code);
asm(".pushsection .text\n"
    "run_floating_directly:\n"
    "push %rbx; push %rbp; push %r12; sub $16, %rsp\n"
    "stmxcsr (%rsp); fnstcw 4(%rsp)\n"
    "mov %rdi, %r12; mov %rsi, %r8\n"
    "fxrstor (%r12)\n"
    "mov 528(%r12), %rax; mov 536(%r12), %rcx; mov 544(%r12), %rdx\n"
    "mov 552(%r12), %rbp; mov 560(%r12), %rsi; mov 568(%r12), %rdi\n"
    "lea 512(%r12), %rbx\n"
    "pushq 576(%r12); popfq\n"
    "call *%r8\n"
    "pushfq; popq 576(%r12)\n"
    "mov %rax, 528(%r12); mov %rcx, 536(%r12); mov %rdx, 544(%r12)\n"
    "mov %rbp, 552(%r12); mov %rsi, 560(%r12); mov %rdi, 568(%r12)\n"
    "fxsave (%r12)\n"
    "fninit; fldcw 4(%rsp); ldmxcsr (%rsp)\n"
    "add $16, %rsp; pop %r12; pop %rbp; pop %rbx\n"
    "ret\n"
    ".popsection\n");

namespace {

constexpr uint32_t data_at = 0x40000;

// SIGFPE: the instruction is left out, and MXCSR then is kept.
volatile uint32_t raised_mxcsr;

void on_exception(int, siginfo_t*, void* argument)
{
    auto* context = static_cast<ucontext_t*>(argument);
    auto& registers = context->uc_mcontext.gregs;
    raised_mxcsr = context->uc_mcontext.fpregs->mxcsr;
    context->uc_mcontext.fpregs->mxcsr |= 0x1F80;
    std::memcpy(&registers[REG_RIP], reinterpret_cast<void*>(registers[REG_RSP]), 8);
    registers[REG_RSP] += 8;
}

class AgainstHost {
public:
    EmulatedGuest guest;
    HostFloatingUnit unit;
    std::mt19937 random { 20240517 };

    AgainstHost()
    {
        REQUIRE(unit.set_up());
        m_code = static_cast<uint8_t*>(
            mmap(nullptr, page_size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        REQUIRE(m_code != MAP_FAILED);
        guest.state.cr0 |= cr0::ne;
        guest.state.cr4 |= cr4::osfxsr | cr4::osxmmexcpt;
        struct sigaction action {};
        action.sa_sigaction = on_exception;
        action.sa_flags = SA_SIGINFO;
        sigaction(SIGFPE, &action, &m_before);
    }
    ~AgainstHost()
    {
        sigaction(SIGFPE, &m_before, nullptr);
        munmap(m_code, page_size);
    }

    // Nothing if these bytes are no instruction for the unit.
    std::optional<Instruction> decode(std::span<const uint8_t> bytes)
    {
        std::array<uint8_t, 15> padded {};
        std::ranges::copy(bytes, padded.begin());
        Instruction instruction;
        if (!decode_bytes(guest.state, padded, instruction) || instruction.length() != bytes.size())
            return {};
        auto kind = floating_kind(instruction);
        bool executed = kind != FloatingKind::None && kind != FloatingKind::StateSave && unit.has(instruction);
        return executed && !is_left_out(instruction.info.mnemonic) ? std::optional { instruction } : std::nullopt;
    }

    Machine chance()
    {
        Machine machine;
        auto registers = machine.registers();
        for (unsigned i = 0; i < 8; ++i) {
            put_vector(machine.image.data() + FloatingRegisters::first_xmm + 16 * i);
            put_extended(registers.stack_register(i));
        }
        put_vector(machine.operand.data());
        registers.set_control_and_status(static_cast<uint16_t>(random() & 0xFFF), static_cast<uint16_t>(random() & 0x7F00));
        registers.set_tags(static_cast<uint16_t>(random() | random())); // more that are empty
        if (random() % 2)
            registers.set_tags(0);
        registers.set_mxcsr(0x1F80 | (random() & 0xE07F));
        for (auto* gpr : { &machine.eax, &machine.ecx, &machine.edx, &machine.ebp, &machine.esi, &machine.edi })
            *gpr = random() % 2 ? random() : random() % 16;
        machine.flags = eflags::fixed | eflags::if_ | (random() & arithmetic::status_flags);
        return machine;
    }

    Machine directly(std::span<const uint8_t> bytes, Machine machine)
    {
        constexpr uint8_t ret = 0xC3;
        *std::ranges::copy(bytes, m_code).out = ret;
        raised_mxcsr = 0;
        run_floating_directly(&machine, m_code);
        return machine;
    }
    Machine emulated(const Instruction& instruction, Machine machine, Emulated& result)
    {
        auto& state = guest.state;
        state.gpr = { low(machine.eax), low(machine.ecx), low(machine.edx), data_at, 0, low(machine.ebp), low(machine.esi),
            low(machine.edi) };
        state.eflags = low(machine.flags);
        for (uint32_t i = 0; i < 16; ++i)
            guest.put(data_at + i, machine.operand[i]);
        result = emulate_floating(*guest.engine, state, instruction, machine.image.data(), unit);
        machine.eax = state.gpr[Eax];
        machine.ecx = state.gpr[Ecx];
        machine.edx = state.gpr[Edx];
        machine.ebp = state.gpr[Ebp];
        machine.esi = state.gpr[Esi];
        machine.edi = state.gpr[Edi];
        machine.flags = state.eflags;
        for (uint32_t i = 0; i < 16; ++i)
            machine.operand[i] = guest.get<std::byte>(data_at + i);
        return machine;
    }

    // Without what differs on purpose: pointers, MXCSR's mask, and what is not stored in 32-bit mode.
    static Machine comparable(Machine machine)
    {
        std::fill_n(machine.image.begin() + 6, 18, std::byte {});
        std::fill_n(machine.image.begin() + 28, 4, std::byte {});
        std::fill(machine.image.begin() + 288, machine.image.end(), std::byte {});
        return machine;
    }

private:
    static uint32_t low(uint64_t value) { return static_cast<uint32_t>(value); }
    // FNSTENV and its like: pointers and reserved bits (floating_transfers_test.cpp). MASKMOVQ writes at EDI.
    static bool is_left_out(ZydisMnemonic mnemonic)
    {
        constexpr std::array left_out { ZYDIS_MNEMONIC_FNSTENV, ZYDIS_MNEMONIC_FNSAVE, ZYDIS_MNEMONIC_FLDENV,
            ZYDIS_MNEMONIC_FRSTOR, ZYDIS_MNEMONIC_LDMXCSR, ZYDIS_MNEMONIC_MASKMOVQ, ZYDIS_MNEMONIC_MASKMOVDQU,
            ZYDIS_MNEMONIC_MOVNTI, ZYDIS_MNEMONIC_LFENCE, ZYDIS_MNEMONIC_MFENCE, ZYDIS_MNEMONIC_SFENCE };
        return std::ranges::find(left_out, mnemonic) != left_out.end();
    }
    uint64_t value()
    {
        constexpr std::array<uint64_t, 14> doubles { 0, 0x8000000000000000, 0x3FF0000000000000, 0xBFF8000000000000, 1,
            0x000FFFFFFFFFFFFF, 0x0010000000000000, 0x7FEFFFFFFFFFFFFF, 0x7FF0000000000000, 0xFFF0000000000000,
            0x7FF8000000000000, 0x7FF0000000000001, 0x41E0000000000000, 0x4008000000000000 };
        constexpr std::array<uint32_t, 13> singles { 0, 0x80000000, 0x3F800000, 0xBFC00000, 1, 0x007FFFFF, 0x00800000,
            0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0x40400000 };
        auto single = [&] { return singles[random() % singles.size()]; };
        switch (random() % 4) {
        case 0:
            return doubles[random() % doubles.size()];
        case 1:
            return uint64_t { single() } << 32 | single();
        case 2:
            return 0x3FF0000000000000 | (random() & 0xFFFFF); // near 1
        default:
            return uint64_t { random() } << 32 | random();
        }
    }
    void put_vector(std::byte* at)
    {
        uint64_t halves[2] { value(), value() };
        std::memcpy(at, halves, sizeof(halves));
    }
    void put_extended(std::byte* at)
    {
        constexpr std::array<uint16_t, 8> exponents { 0x3FFF, 0x4000, 0xBFFF, 0, 0x7FFF, 0x4030, 0xFFFE, 1 };
        uint64_t fraction = random() % 4 ? 0x8000000000000000 | value() : value();
        auto exponent = random() % 8 ? exponents[random() % exponents.size()] : static_cast<uint16_t>(random());
        std::memcpy(at, &fraction, 8);
        std::memcpy(at + 8, &exponent, 2);
    }

    uint8_t* m_code = nullptr;
    struct sigaction m_before {};
};

std::string spelled(std::span<const uint8_t> bytes, const Instruction& instruction)
{
    return fmt::format("{} {:02x}", ZydisMnemonicGetString(instruction.info.mnemonic), fmt::join(bytes, " "));
}

// All opcodes of the unit's maps, each with some forms of operands.
std::vector<std::vector<uint8_t>> all_encodings()
{
    std::vector<std::vector<uint8_t>> found { { 0x9B } };
    constexpr uint8_t modrms[] { 0xC1, 0xEE, 0xFD, 0x03, 0x2B }; // registers 1 and 0, 6 and 5, 5 and 7; (%ebx) and 0, and 5
    for (unsigned opcode = 0xD8; opcode <= 0xDF; ++opcode) {
        for (unsigned modrm = 0xC0; modrm <= 0xFF; ++modrm)
            found.push_back({ static_cast<uint8_t>(opcode), static_cast<uint8_t>(modrm) });
        for (unsigned reg = 0; reg < 8; ++reg)
            found.push_back({ static_cast<uint8_t>(opcode), static_cast<uint8_t>(reg << 3 | 3) });
    }
    using Bytes = std::vector<uint8_t>;
    for (const Bytes& prefix : { Bytes {}, Bytes { 0x66 }, Bytes { 0xF2 }, Bytes { 0xF3 }, Bytes { 0x66, 0xF2 },
             Bytes { 0x66, 0xF3 } }) {
        for (const Bytes& map : { Bytes { 0x0F }, Bytes { 0x0F, 0x38 }, Bytes { 0x0F, 0x3A } }) {
            for (unsigned opcode = 0; opcode < 256; ++opcode) {
                if (map.size() == 1 && (opcode == 0x38 || opcode == 0x3A)) // the other maps
                    continue;
                Bytes start = prefix;
                start.insert(start.end(), map.begin(), map.end());
                start.push_back(static_cast<uint8_t>(opcode));
                found.push_back(start);
                for (uint8_t modrm : modrms) {
                    found.push_back(start);
                    found.back().push_back(modrm);
                    for (uint8_t immediate : std::array<uint8_t, 4> { 0x00, 0x05, 0x4B, 0xF1 }) {
                        found.push_back(start);
                        found.back().insert(found.back().end(), { modrm, immediate });
                    }
                }
            }
        }
    }
    return found;
}

}

TEST_CASE("Emulated x87, MMX and SSE instructions compute what the host's CPU does", "[native]")
{
    AgainstHost test;
    constexpr int rounds = 40;
    std::size_t instructions = 0;
    for (const auto& bytes : all_encodings()) {
        auto instruction = test.decode(bytes);
        if (!instruction)
            continue;
        ++instructions;
        for (int round = 0; round < rounds; ++round) {
            auto before = test.chance();
            Emulated result;
            auto emulated = AgainstHost::comparable(test.emulated(*instruction, before, result));
            auto direct = AgainstHost::comparable(test.directly(bytes, before));
            INFO(spelled(bytes, *instruction) << ", round " << round);
            REQUIRE(result.outcome == Emulated::Outcome::Done);
            REQUIRE(emulated.image == direct.image);
            CAPTURE(direct.registers().control(), direct.registers().status(), before.registers().status());
            REQUIRE(emulated.operand == direct.operand);
            REQUIRE(emulated == direct);
        }
    }
    CHECK(instructions > 1500);
}

TEST_CASE("Unmasked SSE exceptions are raised where the host's CPU raises them, with its flags", "[native]")
{
    AgainstHost test;
    constexpr int rounds = 100;
    int done = 0, raised = 0, unknown = 0;
    for (const auto& bytes : all_encodings()) {
        auto instruction = test.decode(bytes);
        if (!instruction || floating_kind(*instruction) != FloatingKind::Sse)
            continue;
        for (int round = 0; round < rounds; ++round) {
            auto before = test.chance();
            before.registers().set_control_and_status(0x37F, 0);
            before.registers().set_mxcsr(static_cast<uint32_t>(test.random()) & 0xFFC0);
            Emulated result;
            auto emulated = AgainstHost::comparable(test.emulated(*instruction, before, result));
            auto direct = AgainstHost::comparable(test.directly(bytes, before));
            INFO(spelled(bytes, *instruction) << fmt::format(", mxcsr {:#x}, round {}", before.registers().mxcsr(), round));
            if (result.outcome == Emulated::Outcome::Unsupported) {
                REQUIRE(raised_mxcsr != 0);
                ++unknown;
            } else if (result.outcome == Emulated::Outcome::Fault) {
                REQUIRE(result.fault == fault_without_code(XM));
                REQUIRE(emulated.registers().mxcsr() == raised_mxcsr);
                emulated.registers().set_mxcsr(before.registers().mxcsr());
                REQUIRE(emulated == AgainstHost::comparable(before));
                ++raised;
            } else {
                REQUIRE(raised_mxcsr == 0);
                REQUIRE(emulated == direct);
                ++done;
            }
        }
    }
    CHECK(done > 10000);
    CHECK(raised > 1000);
    CHECK(unknown > 10);
    CHECK(unknown < raised / 5);
}

TEST_CASE("Without CR4.OSXMMEXCPT an unmasked SSE exception is an undefined opcode", "[native]")
{
    AgainstHost test;
    test.guest.state.cr4 &= ~cr4::osxmmexcpt;
    constexpr std::array<uint8_t, 3> divps { 0x0F, 0x5E, 0xC8 };
    auto instruction = test.decode(divps);
    REQUIRE(instruction);
    Machine machine;
    machine.registers().initialize();
    machine.registers().set_mxcsr(0x1F00); // 0 / 0 is invalid
    Emulated result;
    auto after = test.emulated(*instruction, machine, result);
    CHECK(result.fault == fault_without_code(UD));
    CHECK(after.registers().mxcsr() == 0x1F01);
}
