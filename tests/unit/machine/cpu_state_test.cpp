#include "core/machine/cpu_state.hpp"
#include "tests/catch.hpp"

using namespace ringside;

TEST_CASE("a Multiboot kernel is entered as the specification says")
{
    const auto state = multiboot_entry_state(0x100010, 0x10000);
    CHECK(state.eip == 0x100010);
    CHECK(state.gpr[Eax] == 0x2BADB002);
    CHECK(state.gpr[Ebx] == 0x10000);
    CHECK((state.cr0 & cr0::pe));
    CHECK_FALSE((state.cr0 & cr0::pg));
    CHECK_FALSE((state.eflags & (eflags::vm | eflags::if_)));
    CHECK((state.eflags & eflags::fixed));
    CHECK(state.cpl() == 0);
    for (const auto& segment : state.segments) {
        CHECK(segment.base == 0);
        CHECK(segment.limit == 0xFFFFFFFF);
        CHECK(segment.is_present());
        CHECK(segment.is_big());
        CHECK((segment.attributes & Segment::code_or_data));
    }
    // Code: execute/read; the others: read/write (SDM 3A table 3-1, the accessed bit aside).
    CHECK((state.segment(Cs).type() | 1) == 0xB);
    CHECK((state.segment(Ss).type() | 1) == 0x3);
}

TEST_CASE("the FPU starts as after FNINIT, with the power-on MXCSR")
{
    const auto state = multiboot_entry_state(0, 0);
    CHECK(state.fxsave[0] == std::byte { 0x7F });
    CHECK(state.fxsave[1] == std::byte { 0x03 });
    CHECK(state.fxsave[24] == std::byte { 0x80 });
    CHECK(state.fxsave[25] == std::byte { 0x1F });
}

TEST_CASE("the virtual ring follows the mode and the stack segment")
{
    CpuState state;
    state.segment(Ss).attributes = 3 << 5;
    CHECK(state.cpl() == 0); // real mode
    state.cr0 |= cr0::pe;
    CHECK(state.cpl() == 3);
    state.segment(Ss).attributes = 1 << 5;
    CHECK(state.cpl() == 1);
    state.eflags |= eflags::vm;
    CHECK(state.cpl() == 3);
    CHECK(state.virtual_8086());
    state.cr0 &= ~cr0::pe;
    CHECK_FALSE(state.virtual_8086());
    state.eflags = eflags::iopl;
    CHECK(state.iopl() == 3);
}

TEST_CASE("exceptions have the names of the manual")
{
    CHECK(exception_name(DE) == "#DE");
    CHECK(exception_name(NMI) == "NMI");
    CHECK(exception_name(DF) == "#DF");
    CHECK(exception_name(TS) == "#TS");
    CHECK(exception_name(GP) == "#GP");
    CHECK(exception_name(PF) == "#PF");
    CHECK(exception_name(MF) == "#MF");
    CHECK(exception_name(XM) == "#XM");
    CHECK(exception_name(20) == "interrupt");
    CHECK(exception_name(255) == "interrupt");
}
