// Repeated string instructions: progress, interruption, devices.
#include "tests/unit/x86/emulated_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t source_at = 0x40000, target_at = 0x60000;

struct StringGuest : EmulatedGuest {
    StringGuest()
    {
        state.gpr[Esi] = source_at;
        state.gpr[Edi] = target_at;
        for (uint32_t i = 0; i < 0x4000; ++i)
            put(source_at + i, static_cast<uint8_t>(i * 7));
    }
    bool copied(uint32_t bytes) const
    {
        for (uint32_t i = 0; i < bytes; ++i) {
            if (get<uint8_t>(target_at + i) != get<uint8_t>(source_at + i))
                return false;
        }
        return true;
    }
};

}

TEST_CASE("A long REP stops in between so that interrupts get their chance", "[emulator]")
{
    StringGuest guest;
    guest.state.gpr[Ecx] = 0x1000;
    guest.put_code({ 0xF3, 0xA5 }); // rep movsd
    unsigned calls = 0;
    while (guest.state.eip == code_at) {
        REQUIRE(guest.step().outcome == Emulated::Outcome::Done);
        REQUIRE(++calls < 100);
        CHECK(guest.state.gpr[Esi] - source_at == (0x1000 - guest.state.gpr[Ecx]) * 4);
    }
    CHECK(calls > 1);
    CHECK(guest.state.gpr[Ecx] == 0);
    CHECK(guest.state.eip == code_at + 2);
    CHECK(guest.copied(0x4000));
}

TEST_CASE("With TF a REP does one step at a time", "[emulator]")
{
    StringGuest guest;
    guest.state.gpr[Ecx] = 2;
    guest.state.eflags |= eflags::tf;
    guest.done({ 0xF3, 0xA4 });
    CHECK(guest.state.gpr[Ecx] == 1);
    CHECK(guest.state.eip == code_at);
    guest.done({ 0xF3, 0xA4 });
    CHECK(guest.state.gpr[Ecx] == 0);
}

TEST_CASE("A REP that faults keeps its progress: the next call faults where it stopped", "[emulator]")
{
    StringGuest guest;
    guest.enable_paging();
    guest.unmap(target_at + page_size);
    guest.state.gpr[Edi] = target_at + page_size - 8;
    guest.state.gpr[Ecx] = 10;
    guest.done({ 0xF3, 0xA5 });
    CHECK(guest.state.eip == code_at);
    CHECK(guest.state.gpr[Ecx] == 8);
    CHECK(guest.state.gpr[Esi] == source_at + 8);
    CHECK(guest.faults({ 0xF3, 0xA5 }) == page_fault(page_fault_error::write, Gla { target_at + page_size }));
    guest.set_page(target_at + page_size, (target_at + page_size) | 7);
    guest.done({ 0xF3, 0xA5 });
    CHECK(guest.state.gpr[Ecx] == 0);
    CHECK(guest.state.eip == code_at + 2);
}

TEST_CASE("A REP of nothing touches nothing", "[emulator]")
{
    StringGuest guest;
    guest.enable_paging();
    guest.unmap(target_at);
    guest.state.gpr[Ecx] = 0;
    guest.done({ 0xF3, 0xAA });
    CHECK(guest.state.eip == code_at + 2);
}

TEST_CASE("Copies that overlap repeat what was just written", "[emulator]")
{
    StringGuest guest;
    guest.state.gpr[Edi] = source_at + 2;
    guest.state.gpr[Ecx] = 0x300;
    guest.done({ 0xF3, 0xA4 });
    for (uint32_t i = 0; i < 0x302; ++i)
        REQUIRE(guest.get<uint8_t>(source_at + i) == (i % 2 ? 7 : 0));
}

TEST_CASE("With DF a string runs downward", "[emulator]")
{
    StringGuest guest;
    guest.state.eflags |= eflags::df;
    guest.state.gpr[Esi] = source_at + 0x1FFC;
    guest.state.gpr[Edi] = target_at + 0x1FFC;
    guest.state.gpr[Ecx] = 0x300;
    guest.done({ 0xF3, 0xA5 });
    CHECK(guest.state.gpr[Esi] == source_at + 0x1FFC - 0xC00);
    CHECK(guest.get<uint32_t>(target_at + 0x1400) == guest.get<uint32_t>(source_at + 0x1400));
    CHECK(guest.get<uint32_t>(target_at + 0x13FC) == 0);
}

TEST_CASE("REPNE SCAS finds a byte, REPE CMPS the first difference", "[emulator]")
{
    StringGuest guest;
    guest.state.gpr[Edi] = source_at;
    guest.state.gpr[Eax] = 70; // the tenth
    guest.state.gpr[Ecx] = 0xFFFFFFFF;
    guest.done({ 0xF2, 0xAE });
    CHECK(guest.state.gpr[Edi] == source_at + 11);
    CHECK((guest.state.eflags & eflags::zf) != 0);
    for (uint32_t i = 0; i < 0x100; ++i)
        guest.put(target_at + i, guest.get<uint8_t>(source_at + i));
    guest.put<uint8_t>(target_at + 0x55, 0);
    guest.state.gpr[Edi] = target_at;
    guest.state.gpr[Ecx] = 0x100;
    guest.done({ 0xF3, 0xA6 });
    CHECK(guest.state.gpr[Ecx] == 0x100 - 0x56);
    CHECK((guest.state.eflags & eflags::zf) == 0);
}

TEST_CASE("Strings to a device are exits", "[emulator]")
{
    StringGuest guest;
    constexpr uint32_t apic_task_priority = 0xFEE00080;
    guest.state.gpr[Edi] = apic_task_priority;
    guest.state.gpr[Eax] = 0x30;
    auto stos = guest.done({ 0xAB });
    CHECK(stos.kind == EventKind::MmioWrite);
    CHECK(stos.a == apic_task_priority);
    guest.state.gpr[Esi] = apic_task_priority;
    guest.state.gpr[Edi] = target_at;
    guest.state.gpr[Ecx] = 1;
    auto movs = guest.done({ 0xF3, 0xA5 });
    CHECK(movs.kind == EventKind::MmioRead);
    CHECK(guest.get<uint32_t>(target_at) == 0x30);
}

TEST_CASE("16-bit addresses wrap within their segment", "[emulator]")
{
    StringGuest guest;
    guest.state.gpr[Edi] = 0x1FFFE;
    guest.state.gpr[Eax] = 0x55;
    guest.state.gpr[Ecx] = 0xABCD0004;
    guest.done({ 0xF3, 0x67, 0xAA }); // rep stosb [di], with CX
    CHECK(guest.state.gpr[Edi] == 0x10002);
    CHECK(guest.state.gpr[Ecx] == 0xABCD0000);
    CHECK(guest.get<uint8_t>(0xFFFF) == 0x55);
    CHECK(guest.get<uint8_t>(1) == 0x55);
}

TEST_CASE("A segment's limit ends a REP as a page does", "[emulator]")
{
    StringGuest guest;
    guest.state.segment(Es).limit = target_at + 0xFF;
    guest.state.gpr[Ecx] = 0x200;
    guest.done({ 0xF3, 0xA4 });
    CHECK(guest.state.gpr[Ecx] == 0x100);
    CHECK(guest.faults({ 0xF3, 0xA4 }) == general_protection());
    CHECK(guest.get<uint8_t>(target_at + 0x100) == 0);
}
