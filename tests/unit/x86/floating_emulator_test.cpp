// What comes before and after the execution of x87, MMX and SSE instructions: checks, operands, exceptions.
#include "core/x86/floating_emulator.hpp"
#include "core/x86/floating_registers.hpp"

#include "tests/unit/x86/emulated_guest.hpp"

#include <algorithm>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t data_at = 0x40000;
constexpr uint32_t apic_task_priority = 0xFEE00080, nobody = 0xA0000;

// Stores 1, 2, 3..., and remembers what it was given to load.
struct FakeUnit final : FloatingUnit {
    bool has_it = true;
    uint16_t status = 0;        // what the instruction leaves in x87's status word
    uint32_t reg = 0, ecx = 0;  // what it leaves there, if not 0
    unsigned executed = 0;
    std::vector<uint8_t> loaded;
    FloatingOperands given;

    bool has(const Instruction&) const override { return has_it; }
    void execute(const Instruction&, FloatingOperands& operands) override
    {
        ++executed;
        given = operands;
        loaded.clear();
        uint8_t next = 1;
        for (std::byte& byte : operands.memory) {
            loaded.push_back(std::to_integer<uint8_t>(byte));
            byte = std::byte { next++ };
        }
        FloatingRegisters registers(operands.registers);
        registers.set_control_and_status(registers.control(), status);
        operands.reg = reg ? reg : operands.reg;
        operands.ecx = ecx ? ecx : operands.ecx;
    }
};

struct FloatingGuest : EmulatedGuest {
    FakeUnit unit;
    FloatingRegisters registers { state.fxsave.data() };

    FloatingGuest()
    {
        state.gpr[Ebx] = data_at;
        state.cr0 |= cr0::ne;
        state.cr4 |= cr4::osfxsr | cr4::osxmmexcpt;
        registers.initialize();
        registers.set_mxcsr(0x1F80);
    }
    Emulated floating(std::initializer_list<uint8_t> bytes)
    {
        put_code(bytes);
        const Instruction* instruction = cache.find(memory, state);
        REQUIRE(instruction);
        return emulate_floating(*engine, state, *instruction, state.fxsave.data(), unit);
    }
    bool done(std::initializer_list<uint8_t> bytes) { return floating(bytes).outcome == Emulated::Outcome::Done; }
    Fault floating_faults(std::initializer_list<uint8_t> bytes)
    {
        CpuState before = state;
        Emulated result = floating(bytes);
        CHECK(result.outcome == Emulated::Outcome::Fault);
        CHECK(result.kind == EventKind::Count_);
        CHECK(state == before);
        CHECK(unit.executed == 0);
        return result.fault;
    }
    void unsupported(std::initializer_list<uint8_t> bytes)
    {
        CpuState before = state;
        CHECK(floating(bytes).outcome == Emulated::Outcome::Unsupported);
        CHECK(state == before);
    }
};

}

TEST_CASE("A load gives the unit a copy of its operand", "[emulator]")
{
    FloatingGuest guest;
    for (uint32_t i = 0; i < 16; ++i)
        guest.put<uint8_t>(data_at + i, static_cast<uint8_t>(0x10 + i));
    uint32_t before = guest.state.eip;
    CHECK(guest.floating({ 0x0F, 0x28, 0x03 }).outcome == Emulated::Outcome::Done); // movaps (%ebx), %xmm0
    CHECK(guest.state.eip == before + 3);
    REQUIRE(guest.unit.loaded.size() == 16);
    CHECK(guest.unit.loaded[15] == 0x1F);
    CHECK(guest.get<uint8_t>(data_at) == 0x10);
    guest.floating({ 0xDB, 0x2B }); // fldt (%ebx)
    CHECK(guest.unit.loaded.size() == 10);
    guest.floating({ 0x0F, 0x6F, 0x03 }); // movq (%ebx), %mm0
    CHECK(guest.unit.loaded.size() == 8);
    guest.floating({ 0x66, 0x0F, 0xC4, 0x03, 0x05 }); // pinsrw $5, (%ebx), %xmm0
    CHECK(guest.unit.loaded == std::vector<uint8_t> { 0x10, 0x11 });
}

TEST_CASE("A store brings what the unit has made of it, and no more", "[emulator]")
{
    FloatingGuest guest;
    guest.put<uint8_t>(data_at + 10, 0x77);
    CHECK(guest.floating({ 0xDB, 0x3B }).outcome == Emulated::Outcome::Done); // fstpt (%ebx)
    CHECK(guest.get<uint32_t>(data_at) == 0x04030201);
    CHECK(guest.get<uint8_t>(data_at + 9) == 10);
    CHECK(guest.get<uint8_t>(data_at + 10) == 0x77);
}

TEST_CASE("Floating-point operands may be devices", "[emulator]")
{
    FloatingGuest guest;
    guest.state.gpr[Ebx] = apic_task_priority;
    auto store = guest.floating({ 0xF3, 0x0F, 0x11, 0x03 }); // movss %xmm0, (%ebx)
    CHECK(store.kind == EventKind::MmioWrite);
    CHECK(store.a == apic_task_priority);
    CHECK(store.b == 4);
    CHECK(store.c == 0x04030201);
    guest.floating({ 0xF3, 0x0F, 0x10, 0x03 }); // movss (%ebx), %xmm0
    CHECK(guest.unit.loaded == std::vector<uint8_t> { 1, 0, 0, 0 }); // eight bits of it exist
    guest.state.gpr[Ebx] = nobody;
    auto load = guest.floating({ 0x0F, 0x10, 0x03 }); // movups (%ebx), %xmm0
    CHECK(load.kind == EventKind::MmioRead);
    CHECK(load.b == 16);
    CHECK(guest.unit.loaded == std::vector<uint8_t>(16, 0xFF));
}

TEST_CASE("Floating-point operands are checked before anything happens", "[emulator]")
{
    FloatingGuest guest;
    guest.enable_paging();
    SECTION("an absent page")
    {
        guest.unmap(data_at);
        CHECK(guest.floating_faults({ 0x0F, 0x28, 0x03 }) == page_fault(0, Gla { data_at }));
    }
    SECTION("a store across two pages, of which one is absent")
    {
        guest.unmap(data_at + page_size);
        guest.state.gpr[Ebx] = data_at + page_size - 4;
        CHECK(guest.floating_faults({ 0x0F, 0x11, 0x03 })
            == page_fault(page_fault_error::write, Gla { data_at + page_size }));
    }
    SECTION("the segment's limit")
    {
        guest.state.segment(Ds).limit = data_at + 14;
        CHECK(guest.floating_faults({ 0x0F, 0x10, 0x03 }) == general_protection());
    }
    SECTION("16 bytes that are not aligned")
    {
        guest.state.gpr[Ebx] = data_at + 8;
        CHECK(guest.floating_faults({ 0x0F, 0x28, 0x03 }) == general_protection());       // movaps
        CHECK(guest.floating_faults({ 0x66, 0x0F, 0xEF, 0x03 }) == general_protection()); // pxor
    }
}

TEST_CASE("Instructions for operands that are not aligned, and shorter ones, need no alignment", "[emulator]")
{
    FloatingGuest guest;
    guest.state.gpr[Ebx] = data_at + 3;
    CHECK(guest.floating({ 0x0F, 0x10, 0x03 }).outcome == Emulated::Outcome::Done);       // movups
    CHECK(guest.floating({ 0xF3, 0x0F, 0x6F, 0x03 }).outcome == Emulated::Outcome::Done); // movdqu
    CHECK(guest.floating({ 0xF2, 0x0F, 0xF0, 0x03 }).outcome == Emulated::Outcome::Done); // lddqu
    CHECK(guest.floating({ 0x66, 0x0F, 0x12, 0x03 }).outcome == Emulated::Outcome::Done); // movlpd
    CHECK(guest.floating({ 0xDD, 0x03 }).outcome == Emulated::Outcome::Done);             // fldl
}

TEST_CASE("A general register that ModRM.rm names is lent as memory, and written whole", "[emulator]")
{
    FloatingGuest guest;
    guest.state.gpr[Esp] = 0x11223344;
    CHECK(guest.done({ 0x66, 0x0F, 0x6E, 0xC4 })); // movd %esp, %xmm0
    CHECK(guest.unit.loaded == std::vector<uint8_t> { 0x44, 0x33, 0x22, 0x11 });
    CHECK(guest.state.gpr[Esp] == 0x11223344);
    CHECK(guest.done({ 0x66, 0x0F, 0x3A, 0x14, 0xC4, 0x01 })); // pextrb $1, %xmm0, %esp
    CHECK(guest.state.gpr[Esp] == 0x04030201);
    guest.state.gpr[Eax] = 0x5678;
    CHECK(guest.done({ 0xF2, 0x0F, 0x38, 0xF0, 0xD4 })); // crc32 %ah, %edx
    CHECK(guest.unit.loaded == std::vector<uint8_t> { 0x56 });
}

TEST_CASE("A general register that ModRM.reg names goes to the unit and comes back", "[emulator]")
{
    FloatingGuest guest;
    guest.state.gpr[Esp] = 0x12345678;
    guest.unit.reg = 0xAABBCCDD;
    CHECK(guest.done({ 0xF2, 0x0F, 0x2D, 0xE1 })); // cvtsd2si %xmm1, %esp
    CHECK(guest.unit.given.reg == 0x12345678);
    CHECK(guest.state.gpr[Esp] == 0xAABBCCDD);
    guest.state.gpr[Edi] = 0x12345678;
    CHECK(guest.done({ 0x66, 0xF3, 0x0F, 0xB8, 0xF9 })); // popcnt %cx, %di
    CHECK(guest.state.gpr[Edi] == 0x1234CCDD);
    guest.unit.ecx = 7;
    CHECK(guest.done({ 0x66, 0x0F, 0x3A, 0x63, 0xC1, 0x00 })); // pcmpistri $0, %xmm1, %xmm0
    CHECK(guest.state.gpr[Ecx] == 7);
    guest.state.gpr[Ecx] = 1;
    CHECK(guest.done({ 0x66, 0x0F, 0x50, 0xC8 })); // movmskpd %xmm0, %ecx
    CHECK(guest.state.gpr[Ecx] == 0xAABBCCDD);
}

TEST_CASE("MASKMOVDQU and MASKMOVQ store the bytes that are asked for, at DS:EDI or where a prefix says", "[emulator]")
{
    FloatingGuest guest;
    guest.state.gpr[Edi] = data_at + 1;
    std::byte* mask = guest.state.fxsave.data() + FloatingRegisters::first_xmm + 16;
    mask[0] = mask[9] = std::byte { 0x80 };
    mask[1] = std::byte { 0x7F };
    CHECK(guest.done({ 0x66, 0x0F, 0xF7, 0xC1 })); // maskmovdqu %xmm1, %xmm0
    CHECK(guest.get<uint16_t>(data_at) == 0x0100);
    CHECK(guest.get<uint32_t>(data_at + 8) == 0x000A0000);
    guest.state.segment(Es).base = 0x100;
    guest.registers.stack_register(1)[2] = std::byte { 0xFF };
    CHECK(guest.done({ 0x26, 0x0F, 0xF7, 0xC1 })); // maskmovq %mm1, %mm0, with es
    CHECK(guest.get<uint32_t>(data_at + 0x101) == 0x00030000);
    guest.state.segment(Ds).limit = data_at + 14;
    guest.unit.executed = 0;
    CHECK(guest.floating_faults({ 0x66, 0x0F, 0xF7, 0xC1 }) == general_protection());
}

TEST_CASE("CR0 and CR4 keep floating-point instructions from being executed, before their operands count", "[emulator]")
{
    using Bytes = std::initializer_list<uint8_t>;
    FloatingGuest guest;
    guest.state.gpr[Ebx] = data_at + 1; // movaps has #GP there
    auto no_device = fault_without_code(NM), undefined = fault_without_code(UD);
    static constexpr Bytes x87 { 0xDD, 0x03 }, fcomi { 0xDB, 0xF1 }, fnsave { 0xDD, 0x33 }, wait { 0x9B },
        mmx { 0x0F, 0x6F, 0x03 }, pshufw { 0x0F, 0x70, 0xC1, 0x00 }, sse { 0x0F, 0x28, 0x03 },
        ldmxcsr { 0x0F, 0xAE, 0x13 }, fxsave { 0x0F, 0xAE, 0x03 },
        crc32 { 0xF2, 0x0F, 0x38, 0xF1, 0xC1 };
    SECTION("TS")
    {
        guest.state.cr0 |= cr0::ts;
        for (auto bytes : { x87, fcomi, fnsave, mmx, pshufw, sse, ldmxcsr, fxsave })
            CHECK(guest.floating_faults(bytes) == no_device);
        CHECK(guest.done(wait));
        CHECK(guest.done(crc32));
    }
    SECTION("TS and MP")
    {
        guest.state.cr0 |= cr0::ts | cr0::mp;
        CHECK(guest.floating_faults(wait) == no_device);
    }
    SECTION("EM")
    {
        guest.state.cr0 |= cr0::em;
        for (auto bytes : { x87, fcomi, fnsave, fxsave })
            CHECK(guest.floating_faults(bytes) == no_device);
        for (auto bytes : { mmx, pshufw, sse, ldmxcsr })
            CHECK(guest.floating_faults(bytes) == undefined);
        CHECK(guest.done(wait));
        CHECK(guest.done(crc32));
    }
    SECTION("no OSFXSR")
    {
        guest.state.cr4 &= ~cr4::osfxsr;
        guest.state.cr0 |= cr0::ts;
        for (auto bytes : { sse, ldmxcsr })
            CHECK(guest.floating_faults(bytes) == undefined);
        guest.state.cr0 &= ~cr0::ts;
        for (auto bytes : { x87, mmx, pshufw, crc32 })
            CHECK(guest.done(bytes));
    }
}

TEST_CASE("An instruction that the unit lacks is undefined", "[emulator]")
{
    FloatingGuest guest;
    guest.unit.has_it = false;
    guest.state.cr0 |= cr0::ts;
    CHECK(guest.floating_faults({ 0x66, 0x0F, 0x3A, 0x63, 0xC1, 0x00 }) == fault_without_code(UD));
}

TEST_CASE("A pending x87 exception is raised before the next instruction that waits, whatever its operand", "[emulator]")
{
    using Bytes = std::initializer_list<uint8_t>;
    FloatingGuest guest;
    guest.registers.set_control_and_status(0x37E, 0x0001);
    CHECK(guest.registers.status() == 0x8081);
    guest.state.segment(Ds).limit = 0;
    static constexpr Bytes waiting[] { { 0xDD, 0x03 }, { 0x9B }, { 0xD9, 0x2B }, { 0x0F, 0x77 }, { 0x0F, 0x6F, 0x03 },
        { 0xD9, 0x23 }, { 0xF2, 0x0F, 0xD6, 0xC1 }, { 0x0F, 0x2A, 0x03 } }; // the last two: movdq2q, cvtpi2ps
    for (auto bytes : waiting)
        CHECK(guest.floating_faults(bytes) == fault_without_code(MF));
    guest.state.segment(Ds).limit = 0xFFFFFFFF;
    static constexpr Bytes others[] { { 0xDF, 0xE0 }, { 0xD9, 0x3B }, { 0x0F, 0x28, 0xC1 }, { 0x66, 0x0F, 0x2A, 0x03 },
        { 0x0F, 0xAE, 0x03 }, { 0xDB, 0xE0 } }; // fnstsw, fnstcw, movaps, cvtpi2pd of memory, fxsave, feni
    guest.unit.status = 0x0001;
    for (auto bytes : others)
        CHECK(guest.done(bytes));
    CHECK(guest.registers.exception_pending());
    guest.state.cr0 &= ~cr0::ne; // there is no FERR#
    guest.unsupported({ 0xDD, 0x03 });
    guest.state.cr0 |= cr0::ts; // which comes first
    CHECK(guest.floating(waiting[0]).fault == fault_without_code(NM));
}

TEST_CASE("Data breakpoints are hit by floating-point operands", "[emulator]")
{
    FloatingGuest guest;
    guest.state.dr[1] = data_at + 12;
    guest.state.dr[7] |= 1u << 2 | 0b1101u << 20; // writes of 4 bytes
    CHECK(guest.floating({ 0x0F, 0x11, 0x03 }).breakpoints == 2); // movups %xmm0, (%ebx)
    CHECK(guest.floating({ 0x0F, 0x10, 0x03 }).breakpoints == 0);
    CHECK(guest.floating({ 0xDB, 0x3B }).breakpoints == 0); // fstpt: 10 bytes
    CHECK(guest.floating({ 0xD9, 0x33 }).breakpoints == 2); // fnstenv
}

TEST_CASE("An unmasked x87 exception keeps a store from memory, and waits", "[emulator]")
{
    FloatingGuest guest;
    guest.put<uint32_t>(data_at, 0x55555555);
    guest.registers.set_control_and_status(0x37E, 0);
    guest.unit.status = 0x0001;
    CHECK(guest.done({ 0xDB, 0x1B })); // fistpl (%ebx)
    CHECK(guest.get<uint32_t>(data_at) == 0x55555555);
    CHECK(guest.registers.exception_pending());
    guest.registers.set_control_and_status(0x35F, 0);
    guest.unit.status = 0x0020; // the value is rounded
    CHECK(guest.done({ 0xDB, 0x1B }));
    CHECK(guest.get<uint32_t>(data_at) == 0x04030201);
}

TEST_CASE("The pointers to the last x87 instruction and its operand are the guest's", "[emulator]")
{
    FloatingGuest guest;
    guest.state.segment(Cs).selector = code_0;
    uint32_t first = guest.state.eip;
    CHECK(guest.done({ 0x26, 0xDC, 0x43, 0x10 })); // faddl %es:16(%ebx)
    FloatingRegisters::Pointers expected { 0x443, first, code_0, data_at + 16, data_0 };
    CHECK(guest.registers.pointers() == expected);
    for (auto bytes : std::initializer_list<std::initializer_list<uint8_t>> {
             { 0xD9, 0x3B }, { 0x9B }, { 0x0F, 0x28, 0xC1 }, { 0x0F, 0x77 }, { 0xD9, 0x2B } }) {
        CHECK(guest.done(bytes)); // fnstcw, fwait, movaps, emms, fldcw
        CHECK(guest.registers.pointers() == expected);
    }
    expected.opcode = 0x1C0;
    expected.instruction = guest.state.eip;
    CHECK(guest.done({ 0xD9, 0xC0 })); // fld %st(0): no operand in memory
    CHECK(guest.registers.pointers() == expected);
    CHECK(guest.done({ 0xDB, 0xE3 })); // fninit
    CHECK(guest.registers.pointers() == FloatingRegisters::Pointers {});
}

TEST_CASE("Integer, AVX and AMD's own instructions are not known, but their operands' faults are", "[emulator]")
{
    FloatingGuest guest;
    guest.unsupported({ 0x8B, 0x03 });             // mov
    guest.unsupported({ 0xC5, 0xFC, 0x10, 0x03 }); // vmovups
    guest.unsupported({ 0x0F, 0x0F, 0xC1, 0x9E }); // pfadd
    CHECK(guest.unit.executed == 0);
    guest.enable_paging();
    guest.unmap(data_at);
    CHECK(guest.floating_faults({ 0xC5, 0xFC, 0x10, 0x03 }) == page_fault(0, Gla { data_at }));
}
