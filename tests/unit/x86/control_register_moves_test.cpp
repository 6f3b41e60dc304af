// MOV CR, CLTS, LMSW, SMSW, INVLPG: what they change, and what a strategy has to follow up.
#include "tests/unit/x86/emulated_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

struct ControlGuest : EmulatedGuest {
    Emulated load_cr0(uint32_t value) { return load(value, 0xC0); }
    Emulated load_cr2(uint32_t value) { return load(value, 0xD0); }
    Emulated load_cr3(uint32_t value) { return load(value, 0xD8); }
    Emulated load_cr4(uint32_t value) { return load(value, 0xE0); }

private:
    Emulated load(uint32_t value, uint8_t modrm)
    {
        state.gpr[Eax] = value;
        return emulate({ 0x0F, 0x22, modrm });
    }
};

}

TEST_CASE("Control registers are read into general registers", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.cr2 = 0x12345678;
    auto read = guest.done({ 0x0F, 0x20, 0xD1 }); // mov ecx, cr2
    CHECK(guest.state.gpr[Ecx] == 0x12345678);
    CHECK(read.kind == EventKind::ControlRegisterRead);
    CHECK(read.a == 0x12345678);
    CHECK(read.b == 2);
    CHECK(read.effects == 0);
}

TEST_CASE("CR0 keeps its known bits, ET is always set", "[emulator]")
{
    ControlGuest guest;
    auto write = guest.load_cr0(0x1FFAFFC0 | cr0::pe | cr0::ts);
    CHECK(write.outcome == Emulated::Outcome::Done);
    CHECK(guest.state.cr0 == (cr0::pe | cr0::ts | cr0::et));
    CHECK(write.kind == EventKind::ControlRegisterWrite);
    CHECK(write.b == 0);
    CHECK(write.effects == 0);
}

TEST_CASE("What a change of CR0 means for translations and segments is told", "[emulator]")
{
    ControlGuest guest;
    CHECK(guest.load_cr0(cr0::pe | cr0::wp).effects == effect::paging_mode);
    CHECK(guest.load_cr0(cr0::pe | cr0::wp).effects == 0);
    CHECK(guest.load_cr0(cr0::pe | cr0::wp | cr0::pg).effects == (effect::paging_mode | effect::whole_tlb));
    guest.state.cr0 = cr0::pe | cr0::et;
    CHECK(guest.load_cr0(0).effects == (effect::paging_mode | effect::segments));
}

TEST_CASE("CR3 drops what is not global, CR4 everything when paging changes", "[emulator]")
{
    ControlGuest guest;
    CHECK(guest.load_cr3(0x5018).effects == effect::non_global_tlb);
    CHECK(guest.state.cr3 == 0x5018);
    CHECK(guest.load_cr4(cr4::pge).effects == (effect::paging_mode | effect::whole_tlb));
    CHECK(guest.load_cr4(cr4::pge | cr4::osfxsr).effects == 0);
    CHECK(guest.load_cr2(0xABCDE).effects == 0);
    CHECK(guest.state.cr2 == 0xABCDE);
}

TEST_CASE("Values that a control register refuses are #GP(0)", "[emulator]")
{
    ControlGuest guest;
    CHECK(guest.load_cr0(cr0::pg).fault == general_protection());
    CHECK(guest.load_cr0(cr0::pe | cr0::nw).fault == general_protection());
    CHECK(guest.load_cr4(1u << 20).fault == general_protection());
    CHECK(guest.state.cr0 == (cr0::pe | cr0::et));
}

TEST_CASE("Control registers outside ring 0 are #GP(0), those that do not exist #UD", "[emulator]")
{
    EmulatedGuest guest;
    guest.enter_ring(3);
    CHECK(guest.faults({ 0x0F, 0x20, 0xC0 }) == general_protection());       // mov eax, cr0
    CHECK(guest.faults({ 0x0F, 0x22, 0xD8 }) == general_protection());       // mov cr3, eax
    CHECK(guest.faults({ 0x0F, 0x06 }) == general_protection());             // clts
    CHECK(guest.faults({ 0x0F, 0x01, 0xF0 }) == general_protection());       // lmsw ax
    CHECK(guest.faults({ 0x0F, 0x01, 0x38 }) == general_protection());       // invlpg [eax]
    CHECK(guest.faults({ 0x0F, 0x09 }) == general_protection());             // wbinvd
    CHECK(guest.faults({ 0x0F, 0x20, 0xC8 }) == fault_without_code(UD));     // mov eax, cr1
    guest.enter_ring(0);
    CHECK(guest.faults({ 0x0F, 0x22, 0xE8 }) == fault_without_code(UD));     // mov cr5, eax
}

TEST_CASE("CLTS clears TS and nothing else", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.cr0 |= cr0::ts | cr0::mp;
    auto clts = guest.done({ 0x0F, 0x06 });
    CHECK(guest.state.cr0 == (cr0::pe | cr0::et | cr0::mp));
    CHECK(clts.kind == EventKind::ControlRegisterWrite);
}

TEST_CASE("LMSW loads four bits and cannot clear PE", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.gpr[Eax] = 0xFFFE;
    guest.done({ 0x0F, 0x01, 0xF0 });
    CHECK(guest.state.cr0 == (cr0::pe | cr0::et | cr0::mp | cr0::em | cr0::ts));
    guest.state.gpr[Eax] = 0;
    CHECK(guest.done({ 0x0F, 0x01, 0xF0 }).effects == 0);
    CHECK(guest.state.cr0 == (cr0::pe | cr0::et));
    guest.state.cr0 = cr0::et;
    guest.state.gpr[Eax] = cr0::pe;
    CHECK(guest.done({ 0x0F, 0x01, 0xF0 }).effects == (effect::paging_mode | effect::segments));
    CHECK(guest.state.protected_mode());
}

TEST_CASE("SMSW is allowed to everybody: 16 bits into memory, all of CR0 into a 32-bit register", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.cr0 |= cr0::wp;
    guest.enter_ring(3);
    guest.state.gpr[Ebx] = 0x40000;
    guest.put<uint32_t>(0x40000, 0xFFFFFFFF);
    guest.done({ 0x0F, 0x01, 0x23 }); // smsw [ebx]
    CHECK(guest.get<uint32_t>(0x40000) == (0xFFFF0000 | cr0::pe | cr0::et));
    auto smsw = guest.done({ 0x0F, 0x01, 0xE1 }); // smsw ecx
    CHECK(guest.state.gpr[Ecx] == (cr0::pe | cr0::et | cr0::wp));
    CHECK(smsw.kind == EventKind::ControlRegisterRead);
}

TEST_CASE("INVLPG names a linear address and touches nothing", "[emulator]")
{
    EmulatedGuest guest;
    guest.enable_paging();
    guest.state.segment(Ds).base = 0x1000;
    guest.state.segment(Ds).limit = 0xFFF; // limits do not matter
    guest.state.gpr[Eax] = 0xC0000234;
    auto invlpg = guest.done({ 0x0F, 0x01, 0x38 });
    CHECK(invlpg.effects == effect::invalidated_page);
    CHECK(invlpg.address == Gla { 0xC0001234 });
    CHECK(invlpg.kind == EventKind::PageInvalidation);
    CHECK(invlpg.a == 0xC0001234);
}

TEST_CASE("The caches are emptied without an effect", "[emulator]")
{
    EmulatedGuest guest;
    CHECK(guest.done({ 0x0F, 0x08 }).kind == EventKind::CacheFlush);
    CHECK(guest.done({ 0x0F, 0x09 }).kind == EventKind::CacheFlush);
    CHECK(guest.done({ 0xF3, 0x0F, 0x09 }).kind == EventKind::CacheFlush); // WBNOINVD of newer processors
}
