// Environments, images and MXCSR in memory: their formats, and what is refused.
#include "core/x86/floating_emulator.hpp"
#include "core/x86/floating_environment.hpp"

#include "tests/unit/x86/emulated_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t data_at = 0x40000;

struct NoUnit final : FloatingUnit {
    bool has(const Instruction&) const override { return true; }
    void execute(const Instruction&, FloatingOperands&) override { FAIL("not a transfer"); }
};

// Three registers are in use, of which ST0 is 1.0, ST1 zero and ST2 infinite.
struct TransferGuest : EmulatedGuest {
    NoUnit unit;
    FloatingRegisters registers { state.fxsave.data() };

    TransferGuest()
    {
        state.gpr[Ebx] = data_at;
        state.cr4 |= cr4::osfxsr;
        registers.initialize();
        registers.set_mxcsr(0x1F80);
        registers.set_control_and_status(0x27F, 5 << 11 | 0x4100);
        registers.set_tags(0x03FF);
        put_register(0, 0x3FFF, 0x8000000000000000);
        put_register(2, 0x7FFF, 0x8000000000000000);
        registers.set_pointers({ 0x5AB, 0x00123456, 0x1000, 0x0089ABCD, 0x2000 });
    }
    void put_register(unsigned index, uint16_t exponent, uint64_t fraction)
    {
        std::memcpy(registers.stack_register(index), &fraction, 8);
        std::memcpy(registers.stack_register(index) + 8, &exponent, 2);
    }
    void leave_protected_mode()
    {
        state.cr0 &= ~cr0::pe;
        for (auto which : { Es, Cs, Ss, Ds, Fs, Gs })
            state.segment(which) = { 0x1000, 0x93, 0x10000, 0xFFFF };
        state.eip = 0x100;
        state.gpr[Ebx] = 0x8000; // of data segment 0x1000
    }
    void enter_virtual_8086_mode()
    {
        state.eflags |= eflags::vm;
        for (auto which : { Es, Cs, Ss, Ds, Fs, Gs })
            state.segment(which) = virtual_8086_segment(0x1000);
        state.eip = 0x100;
        state.gpr[Ebx] = 0x8000;
    }
    Emulated execute(std::initializer_list<uint8_t> bytes)
    {
        put_code(bytes);
        const Instruction* instruction = cache.find(memory, state);
        REQUIRE(instruction);
        return emulate_floating(*engine, state, *instruction, state.fxsave.data(), unit);
    }
    void runs(std::initializer_list<uint8_t> bytes) { CHECK(execute(bytes).outcome == Emulated::Outcome::Done); }
    Fault faults(std::initializer_list<uint8_t> bytes)
    {
        CpuState before = state;
        auto result = execute(bytes);
        CHECK(result.outcome == Emulated::Outcome::Fault);
        CHECK(state == before);
        return result.fault;
    }
    template<typename T>
    std::vector<uint32_t> words(uint32_t at, unsigned count)
    {
        std::vector<uint32_t> values;
        for (unsigned i = 0; i < count; ++i)
            values.push_back(get<T>(at + i * static_cast<uint32_t>(sizeof(T))));
        return values;
    }
};

using Words = std::vector<uint32_t>;

}

// SDM 1 figures 8-9 to 8-12. The tags are of physical registers: ST0 is number 5.
TEST_CASE("FNSTENV stores the environment in the format of the mode and the operand size, and masks all exceptions", "[emulator]")
{
    TransferGuest guest;
    guest.registers.set_control_and_status(0x27B, 5 << 11 | 0x4100);
    SECTION("32 bits, protected mode")
    {
        guest.runs({ 0xD9, 0x33 });
        CHECK(guest.words<uint32_t>(data_at, 8)
            == Words { 0xFFFF027B, 0xFFFF6900, 0xFFFF93FF, 0x00123456, 0x05AB1000, 0x0089ABCD, 0xFFFF2000, 0 });
        CHECK(guest.registers.control() == 0x27F);
    }
    SECTION("16 bits, protected mode")
    {
        guest.runs({ 0x66, 0xD9, 0x33 });
        CHECK(guest.words<uint16_t>(data_at, 8) == Words { 0x027B, 0x6900, 0x93FF, 0x3456, 0x1000, 0xABCD, 0x2000, 0 });
    }
    SECTION("32 bits, real-address mode")
    {
        guest.leave_protected_mode();
        guest.runs({ 0x66, 0xD9, 0x37 });
        CHECK(guest.words<uint32_t>(0x18000, 8) // 0x10000 + 0x123456, 0x20000 + 0x89ABCD
            == Words { 0xFFFF027B, 0xFFFF6900, 0xFFFF93FF, 0xFFFF3456, 0x000135AB, 0xFFFFABCD, 0x0008B000, 0 });
    }
    SECTION("16 bits, virtual-8086 mode")
    {
        guest.enter_virtual_8086_mode();
        guest.runs({ 0xD9, 0x37 });
        CHECK(guest.words<uint16_t>(0x18000, 8) == Words { 0x027B, 0x6900, 0x93FF, 0x3456, 0x35AB, 0xABCD, 0xB000, 0 });
    }
}

TEST_CASE("FLDENV loads what FNSTENV has stored, and leaves the registers where they are", "[emulator]")
{
    TransferGuest guest;
    bool protected_mode = GENERATE(true, false);
    bool narrow = GENERATE(true, false);
    if (!protected_mode)
        guest.leave_protected_mode();
    guest.registers.set_pointers({ 0, 0x1234, 0x1000, 0x5678, 0x2000 });
    auto before = guest.state.fxsave;
    bool prefix = protected_mode == narrow;
    prefix ? guest.runs({ 0x66, 0xD9, 0x73, 0x40 }) : guest.runs({ 0xD9, 0x73, 0x40 }); // fnstenv 64(%ebx) or (%bp, %di)
    guest.registers.turn_stack(3); // as if by three pops
    guest.registers.set_control_and_status(0x37F, 3 << 11);
    prefix ? guest.runs({ 0x66, 0xD9, 0x63, 0x40 }) : guest.runs({ 0xD9, 0x63, 0x40 });
    CHECK(guest.registers.top() == 5);
    CHECK(guest.registers.control() == 0x27F);
    CHECK(guest.registers.tags() == FloatingRegisters(before.data()).tags());
    auto pointers = guest.registers.pointers();
    CHECK(pointers.instruction == (protected_mode ? 0x1234 : 0x11234));
    CHECK(pointers.operand == (protected_mode ? 0x5678 : 0x25678));
}

TEST_CASE("FLDENV may leave an exception pending", "[emulator]")
{
    TransferGuest guest;
    guest.put<uint32_t>(data_at, 0xFFFF0000);
    guest.put<uint32_t>(data_at + 4, 0x0004);
    guest.runs({ 0xD9, 0x23 });
    CHECK(guest.registers.control() == 0x40); // a bit that is always set
    CHECK(guest.registers.status() == 0x8084);
    CHECK(guest.registers.exception_pending());
}

TEST_CASE("FNSAVE stores the registers in the stack's order and initializes; FRSTOR brings all back", "[emulator]")
{
    TransferGuest guest;
    bool narrow = GENERATE(true, false);
    auto before = guest.state.fxsave;
    uint32_t stack_at = data_at + (narrow ? 14 : 28);
    guest.put<uint8_t>(stack_at + 80, 0x77);
    narrow ? guest.runs({ 0x66, 0xDD, 0x33 }) : guest.runs({ 0xDD, 0x33 });
    CHECK(guest.get<uint64_t>(stack_at) == 0x8000000000000000);
    CHECK(guest.get<uint16_t>(stack_at + 8) == 0x3FFF);
    CHECK(guest.get<uint16_t>(stack_at + 18) == 0);
    CHECK(guest.get<uint16_t>(stack_at + 28) == 0x7FFF);
    CHECK(guest.get<uint8_t>(stack_at + 80) == 0x77);
    CHECK(guest.registers.control() == 0x37F);
    CHECK(guest.registers.status() == 0);
    CHECK(guest.registers.tags() == 0xFFFF);
    CHECK(guest.registers.pointers() == FloatingRegisters::Pointers {});
    CHECK(std::to_integer<uint8_t>(guest.registers.stack_register(5)[9]) == 0x3F); // number 5 is where it was
    narrow ? guest.runs({ 0x66, 0xDD, 0x23 }) : guest.runs({ 0xDD, 0x23 });
    if (!narrow)
        CHECK(guest.state.fxsave == before);
    CHECK(guest.registers.tags() == FloatingRegisters(before.data()).tags());
    CHECK(guest.registers.top() == 5);
}

TEST_CASE("FXSAVE stores 288 of its 512 bytes, and FXRSTOR loads them", "[emulator]")
{
    TransferGuest guest;
    for (std::size_t i = 160; i < 512; ++i)
        guest.state.fxsave[i] = std::byte { static_cast<uint8_t>(i) };
    auto before = guest.state.fxsave;
    for (uint32_t i = 0; i < 512; ++i)
        guest.put<uint8_t>(data_at + i, 0xEE);
    guest.runs({ 0x0F, 0xAE, 0x03 });
    CHECK(guest.get<uint16_t>(data_at) == 0x27F);
    CHECK(guest.get<uint32_t>(data_at + 24) == 0x1F80);
    CHECK(guest.get<uint32_t>(data_at + 28) == 0xFFFF);
    CHECK(guest.get<uint8_t>(data_at + 287) == static_cast<uint8_t>(287));
    CHECK(guest.get<uint8_t>(data_at + 288) == 0xEE);
    CHECK(guest.get<uint8_t>(data_at + 511) == 0xEE);
    std::fill_n(guest.state.fxsave.begin() + 160, 128, std::byte {});
    guest.registers.initialize();
    guest.runs({ 0x0F, 0xAE, 0x0B });
    CHECK(guest.state.fxsave == before);
}

TEST_CASE("Transfers reach across pages, or change nothing", "[emulator]")
{
    TransferGuest guest;
    guest.enable_paging();
    guest.set_page(data_at + page_size, 0x60000 | 7);
    guest.state.gpr[Ebx] = data_at + page_size - 10;
    guest.runs({ 0xDD, 0x33 }); // fnsave
    CHECK(guest.get<uint16_t>(data_at + page_size - 10) == 0x27F);
    CHECK(guest.get<uint16_t>(0x60000 + 28 - 10 + 8) == 0x3FFF);
    guest.runs({ 0xDD, 0x23 }); // frstor
    CHECK(guest.registers.top() == 5);
    guest.state.gpr[Ebx] = data_at + page_size - 16;
    guest.runs({ 0x0F, 0xAE, 0x03 }); // fxsave
    CHECK(guest.get<uint32_t>(0x60000 + 24 - 16) == 0x1F80);
    guest.unmap(data_at + page_size);
    guest.put<uint32_t>(data_at + page_size - 16, 0);
    auto store = page_fault(page_fault_error::write, Gla { data_at + page_size });
    auto load = page_fault(0, Gla { data_at + page_size });
    CHECK(guest.faults({ 0x0F, 0xAE, 0x03 }) == store);
    CHECK(guest.faults({ 0x0F, 0xAE, 0x0B }) == load);
    CHECK(guest.faults({ 0xDD, 0x33 }) == store);
    CHECK(guest.faults({ 0xDD, 0x23 }) == load);
    CHECK(guest.faults({ 0xD9, 0x33 }) == store);
    CHECK(guest.faults({ 0xD9, 0x23 }) == load);
    CHECK(guest.get<uint32_t>(data_at + page_size - 16) == 0);
}

TEST_CASE("FXSAVE and FXRSTOR want alignment, MXCSR zeros in its reserved bits", "[emulator]")
{
    TransferGuest guest;
    guest.put<uint32_t>(data_at, 0x10000);
    CHECK(guest.faults({ 0x0F, 0xAE, 0x13 }) == general_protection()); // ldmxcsr
    guest.put<uint32_t>(data_at, 0x7FBF);
    guest.runs({ 0x0F, 0xAE, 0x13 });
    CHECK(guest.registers.mxcsr() == 0x7FBF);
    guest.runs({ 0x0F, 0xAE, 0x5B, 0x04 }); // stmxcsr 4(%ebx)
    CHECK(guest.get<uint32_t>(data_at + 4) == 0x7FBF);
    guest.put<uint32_t>(data_at + 24, 0x80001F80);
    CHECK(guest.faults({ 0x0F, 0xAE, 0x0B }) == general_protection()); // fxrstor
    guest.state.gpr[Ebx] = data_at + 8;
    CHECK(guest.faults({ 0x0F, 0xAE, 0x03 }) == general_protection());
    CHECK(guest.faults({ 0x0F, 0xAE, 0x0B }) == general_protection());
    guest.leave_protected_mode();
    guest.state.gpr[Ebx] = 0x8008;
    CHECK(guest.faults({ 0x0F, 0xAE, 0x07 }) == fault_without_code(GP));
}

// SDM 3A table 6-7.
TEST_CASE("With alignment checks an environment is to lie at a multiple of its words, no more", "[emulator]")
{
    TransferGuest guest;
    guest.enter_ring(3);
    guest.state.eflags |= eflags::ac;
    guest.state.cr0 |= cr0::am;
    guest.state.gpr[Ebx] = data_at + 4;
    guest.runs({ 0xD9, 0x33 });
    guest.runs({ 0xDD, 0x33 });
    guest.state.gpr[Ebx] = data_at + 2;
    guest.runs({ 0x66, 0xD9, 0x33 });
    guest.runs({ 0x66, 0xDD, 0x33 });
    CHECK(guest.faults({ 0xD9, 0x33 }) == fault_with_code(AC, 0));
    CHECK(guest.faults({ 0xDD, 0x23 }) == fault_with_code(AC, 0));
    guest.state.gpr[Ebx] = data_at + 1;
    CHECK(guest.faults({ 0x66, 0xD9, 0x33 }) == fault_with_code(AC, 0));
}
