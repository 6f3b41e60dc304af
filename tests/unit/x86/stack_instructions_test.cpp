// PUSHA, POPA, ENTER, LEAVE, POP: restartable whatever page is missing.
#include "tests/unit/x86/emulated_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t stack_page = 0x60000;

struct StackGuest : EmulatedGuest {
    StackGuest()
    {
        enable_paging();
        unmap(stack_page - page_size);
        state.gpr[Esp] = stack_page + 12; // room for three items
    }
};

Fault missing(uint32_t address)
{
    return page_fault(page_fault_error::write, Gla { address });
}

}

TEST_CASE("PUSHA across a missing page leaves ESP", "[emulator]")
{
    StackGuest guest;
    CHECK(guest.faults({ 0x60 }) == missing(stack_page - 4));
    guest.set_page(stack_page - page_size, (stack_page - page_size) | 7);
    guest.done({ 0x60 });
    CHECK(guest.stack(8)[3] == stack_page + 12); // ESP as it was
}

TEST_CASE("POPA across a missing page leaves all registers", "[emulator]")
{
    StackGuest guest;
    guest.unmap(stack_page + page_size);
    guest.state.gpr[Esp] = stack_page + page_size - 12;
    CHECK(guest.faults({ 0x61 }) == page_fault(0, Gla { stack_page + page_size }));
}

TEST_CASE("ENTER checks every slot and the new top before it pushes", "[emulator]")
{
    StackGuest guest;
    guest.state.gpr[Ebp] = stack_page + 0x100;
    CHECK(guest.faults({ 0xC8, 0x10, 0x00, 0x00 }) == missing(stack_page - 8)); // enter 16, 0: room for EBP, none for the rest
    CHECK(guest.faults({ 0xC8, 0x00, 0x00, 0x05 }) == missing(stack_page - 4)); // enter 0, 5: six items
    guest.done({ 0xC8, 0x00, 0x00, 0x01 });
    CHECK(guest.state.gpr[Ebp] == stack_page + 8);
    CHECK(guest.stack(2) == std::vector<uint32_t> { stack_page + 8, stack_page + 0x100 });
    guest.done({ 0xC9 }); // leave
    CHECK(guest.state.gpr[Ebp] == stack_page + 0x100);
    CHECK(guest.state.gpr[Esp] == stack_page + 12);
}

TEST_CASE("POP into memory computes the address after ESP has moved, and moves it back on a fault", "[emulator]")
{
    StackGuest guest;
    guest.put<uint32_t>(stack_page + 12, 0x1234);
    guest.done({ 0x8F, 0x44, 0x24, 0x08 }); // pop dword [esp+8]
    CHECK(guest.get<uint32_t>(stack_page + 24) == 0x1234);
    CHECK(guest.state.gpr[Esp] == stack_page + 16);
    CHECK(guest.faults({ 0x8F, 0x44, 0x24, 0xE8 }) == missing(stack_page - 4)); // pop dword [esp-0x18]
}

TEST_CASE("A push that the segment has no room for is #SS(0)", "[emulator]")
{
    StackGuest guest;
    guest.state.segment(Ss).attributes |= segment_type::expand_down;
    guest.state.segment(Ss).limit = stack_page + 8;
    CHECK(guest.faults({ 0x50 }) == fault_with_code(SS, 0));
    CHECK(guest.faults({ 0x60 }) == fault_with_code(SS, 0));
    guest.state.gpr[Esp] = stack_page + 16;
    guest.done({ 0x50 });
}

TEST_CASE("A 16-bit stack wraps and keeps the upper half of ESP", "[emulator]")
{
    StackGuest guest;
    guest.state.segment(Ss).attributes &= static_cast<uint16_t>(~Segment::default_big);
    guest.state.segment(Ss).limit = 0xFFFF;
    guest.state.gpr[Esp] = 0xABCD0000;
    guest.state.gpr[Eax] = 0x11223344;
    guest.done({ 0x50 });
    CHECK(guest.state.gpr[Esp] == 0xABCDFFFC);
    CHECK(guest.get<uint32_t>(0xFFFC) == 0x11223344);
    guest.done({ 0x59 }); // pop ecx
    CHECK(guest.state.gpr[Esp] == 0xABCD0000);
    CHECK(guest.state.gpr[Ecx] == 0x11223344);
}
