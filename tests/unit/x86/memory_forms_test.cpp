// Ordinary instructions on memory: devices, pages, segments, alignment, and that a fault changes nothing.
#include "tests/unit/x86/emulated_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t apic_version = 0xFEE00030, apic_task_priority = 0xFEE00080; // registers of the local APIC
constexpr uint32_t data_at = 0x40000;

struct MemoryGuest : EmulatedGuest {
    MemoryGuest() { state.gpr[Ebx] = data_at; }
};

constexpr uint32_t user_write = page_fault_error::user | page_fault_error::write;

}

TEST_CASE("A load from a device asks it and is an exit", "[emulator]")
{
    MemoryGuest guest;
    guest.state.gpr[Ebx] = apic_version;
    auto load = guest.done({ 0x8B, 0x03 }); // mov eax, [ebx]
    CHECK((guest.state.gpr[Eax] & 0xF0) == 0x10); // an integrated APIC
    CHECK(load.kind == EventKind::MmioRead);
    CHECK(load.a == apic_version);
    CHECK(load.b == 4);
    CHECK(load.c == guest.state.gpr[Eax]);
}

TEST_CASE("A store to a device tells it; read-modify-write does both", "[emulator]")
{
    MemoryGuest guest;
    guest.state.gpr[Ebx] = apic_task_priority;
    auto store = guest.done({ 0xC7, 0x03, 0x20, 0, 0, 0 }); // mov dword [ebx], 0x20
    CHECK(store.kind == EventKind::MmioWrite);
    CHECK(store.a == apic_task_priority);
    CHECK(store.c == 0x20);
    auto both = guest.done({ 0x83, 0x0B, 0x50 }); // or dword [ebx], 0x50
    CHECK(both.kind == EventKind::MmioWrite);
    CHECK(both.c == 0x70);
    guest.done({ 0x8B, 0x03 });
    CHECK(guest.state.gpr[Eax] == 0x70);
}

TEST_CASE("A device behind a page table is reached at its physical address", "[emulator]")
{
    MemoryGuest guest;
    guest.enable_paging();
    guest.set_page(data_at, (apic_version & ~0xFFFu) | 7);
    guest.state.gpr[Ebx] = data_at + 0x30;
    auto load = guest.done({ 0x8B, 0x03 });
    CHECK(load.kind == EventKind::MmioRead);
    CHECK(load.a == apic_version);
    CHECK((guest.page(data_at) & page_entry::accessed) != 0);
}

TEST_CASE("An access across RAM and a device goes to both", "[emulator]")
{
    MemoryGuest guest;
    guest.state.gpr[Ebx] = 0x9FFFE; // the end of conventional memory; beyond it nobody answers
    guest.put<uint16_t>(0x9FFFE, 0x1234);
    auto load = guest.done({ 0x8B, 0x03 });
    CHECK(guest.state.gpr[Eax] == 0xFFFF1234);
    CHECK(load.kind == EventKind::MmioRead);
    CHECK(load.a == 0xA0000);
    CHECK(load.b == 2);
    guest.state.gpr[Eax] = 0xAABBCCDD;
    guest.done({ 0x89, 0x03 });
    CHECK(guest.get<uint16_t>(0x9FFFE) == 0xCCDD);
}

TEST_CASE("A push from a device does not read it if the stack is not there", "[emulator]")
{
    MemoryGuest guest;
    guest.enable_paging();
    guest.set_page(data_at, (apic_version & ~0xFFFu) | 7);
    guest.state.gpr[Ebx] = data_at + 0x30;
    guest.unmap(kernel_stack - page_size);
    guest.state.gpr[Esp] = kernel_stack;
    CHECK(guest.faults({ 0xFF, 0x33 }) == page_fault(page_fault_error::write, Gla { kernel_stack - 4 }));
    guest.state.gpr[Esp] = kernel_stack - page_size;
    CHECK(guest.done({ 0xFF, 0x33 }).kind == EventKind::MmioRead);
}

TEST_CASE("Pages say no: absent, read-only, the supervisor's", "[emulator]")
{
    MemoryGuest guest;
    guest.enable_paging();
    guest.enter_ring(3);
    guest.state.gpr[Ebx] = data_at;
    guest.unmap(data_at);
    CHECK(guest.faults({ 0x8B, 0x03 }) == page_fault(page_fault_error::user, Gla { data_at }));
    CHECK(guest.faults({ 0x89, 0x03 }) == page_fault(user_write, Gla { data_at }));
    guest.set_page(data_at, data_at | 5);
    guest.done({ 0x8B, 0x03 });
    CHECK(guest.faults({ 0x89, 0x03 }) == page_fault(user_write | page_fault_error::present, Gla { data_at }));
    guest.set_page(data_at, data_at | 3);
    CHECK(guest.faults({ 0x8B, 0x03 })
        == page_fault(page_fault_error::user | page_fault_error::present, Gla { data_at }));
    guest.enter_ring(0);
    guest.state.gpr[Ebx] = data_at;
    guest.done({ 0x89, 0x03 });
    CHECK((guest.page(data_at) & (page_entry::accessed | page_entry::dirty))
        == (page_entry::accessed | page_entry::dirty));
}

TEST_CASE("An instruction that reads and writes asks for the page to write", "[emulator]")
{
    MemoryGuest guest;
    guest.enable_paging();
    guest.enter_ring(3);
    guest.state.gpr[Ebx] = data_at;
    guest.set_page(data_at, data_at | 5);
    constexpr uint32_t refused = user_write | page_fault_error::present;
    CHECK(guest.faults({ 0xFF, 0x03 }) == page_fault(refused, Gla { data_at }));       // inc
    CHECK(guest.faults({ 0x87, 0x03 }) == page_fault(refused, Gla { data_at }));       // xchg
    CHECK(guest.faults({ 0x0F, 0xB1, 0x03 }) == page_fault(refused, Gla { data_at })); // cmpxchg, equal or not
    CHECK(guest.faults({ 0x0F, 0xAB, 0x03 }) == page_fault(refused, Gla { data_at })); // bts
    CHECK(guest.faults({ 0xD1, 0x23 }) == page_fault(refused, Gla { data_at }));       // shl
    guest.done({ 0x85, 0x03 });                                                        // test only reads
    guest.done({ 0x0F, 0xA3, 0x03 });                                                  // as does bt
}

TEST_CASE("A store across two pages is made whole or not at all", "[emulator]")
{
    MemoryGuest guest;
    guest.enable_paging();
    guest.unmap(data_at + page_size);
    guest.put<uint32_t>(data_at + page_size - 4, 0x11223344);
    guest.state.gpr[Ebx] = data_at + page_size - 2;
    CHECK(guest.faults({ 0x89, 0x03 }) == page_fault(page_fault_error::write, Gla { data_at + page_size }));
    CHECK(guest.get<uint32_t>(data_at + page_size - 4) == 0x11223344);
}

TEST_CASE("Segments say no: limits, rights, null", "[emulator]")
{
    MemoryGuest guest;
    guest.state.segment(Ds).limit = data_at + 3;
    guest.done({ 0x8B, 0x03 });
    guest.state.segment(Ds).limit = data_at + 2;
    CHECK(guest.faults({ 0x8B, 0x03 }) == general_protection());
    guest.state.segment(Ss).limit = data_at + 2;
    CHECK(guest.faults({ 0x36, 0x8B, 0x03 }) == fault_with_code(SS, 0));
    CHECK(guest.faults({ 0x2E, 0x89, 0x03 }) == general_protection()); // mov cs:[ebx], eax
    guest.done({ 0x2E, 0x8B, 0x03 });
    guest.state.segment(Ds) = Segment {};
    CHECK(guest.faults({ 0x8A, 0x03 }) == general_protection());
    guest.state.cr0 &= ~cr0::pe;
    guest.state.segment(Es).limit = data_at;
    CHECK(guest.faults({ 0x26, 0x8B, 0x03 }) == fault_without_code(GP)); // real-address mode has no error codes
}

TEST_CASE("In ring 3 with AM and AC a misaligned access is #AC(0)", "[emulator]")
{
    MemoryGuest guest;
    guest.enter_ring(3);
    guest.state.gpr[Ebx] = data_at + 1;
    guest.state.eflags |= eflags::ac;
    guest.done({ 0x8B, 0x03 });
    guest.state.cr0 |= cr0::am;
    CHECK(guest.faults({ 0x8B, 0x03 }) == fault_with_code(AC, 0));
    CHECK(guest.faults({ 0x89, 0x03 }) == fault_with_code(AC, 0));
    guest.done({ 0x8A, 0x03 }); // a byte is always aligned
    guest.state.gpr[Ebx] = data_at + 2;
    guest.done({ 0x66, 0x8B, 0x03 });
    CHECK(guest.faults({ 0x8B, 0x03 }) == fault_with_code(AC, 0));
    guest.enter_ring(0);
    guest.state.eflags |= eflags::ac;
    guest.state.gpr[Ebx] = data_at + 1;
    guest.done({ 0x8B, 0x03 });
}

TEST_CASE("A branch beyond the limit of CS faults itself, before anything is pushed", "[emulator]")
{
    MemoryGuest guest;
    guest.state.segment(Cs).limit = code_at + 0xFF;
    guest.state.gpr[Eax] = code_at + 0x100;
    CHECK(guest.faults({ 0xFF, 0xE0 }) == general_protection());                   // jmp eax
    CHECK(guest.faults({ 0xFF, 0xD0 }) == general_protection());                   // call eax
    CHECK(guest.faults({ 0xE9, 0x00, 0x01, 0x00, 0x00 }) == general_protection()); // jmp +0x100
    guest.put<uint32_t>(guest.state.gpr[Esp], code_at + 0x100);
    CHECK(guest.faults({ 0xC3 }) == general_protection());
    guest.state.gpr[Ecx] = 2;
    guest.state.segment(Cs).limit = code_at + 0x10;
    CHECK(guest.faults({ 0xE2, 0x40 }) == general_protection()); // loop: ECX keeps its value
    guest.state.gpr[Ecx] = 1;
    guest.done({ 0xE2, 0x40 }); // not taken
}

TEST_CASE("Divisions that do not fit are #DE and leave the registers", "[emulator]")
{
    MemoryGuest guest;
    guest.state.gpr[Ecx] = 0;
    CHECK(guest.faults({ 0xF7, 0xF1 }) == fault_without_code(DE)); // div ecx
    guest.state.gpr[Edx] = guest.state.gpr[Ecx] = 5;
    CHECK(guest.faults({ 0xF7, 0xF1 }) == fault_without_code(DE));
    guest.state.gpr[Edx] = 0x80000000;
    guest.state.gpr[Eax] = 0;
    guest.state.gpr[Ecx] = 0xFFFFFFFF;
    CHECK(guest.faults({ 0xF7, 0xF9 }) == fault_without_code(DE)); // idiv: the smallest number by -1
    CHECK(guest.faults({ 0xD4, 0x00 }) == fault_without_code(DE)); // aam 0
}
