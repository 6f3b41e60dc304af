// RDTSC, MSRs, CPUID, debug registers, SYSENTER and SYSEXIT.
#include "tests/unit/x86/emulated_guest.hpp"

#include "core/x86/cpuid.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t general_detect = 1 << 13;

}

TEST_CASE("RDTSC is everybody's unless CR4.TSD is set", "[emulator]")
{
    EmulatedGuest guest;
    guest.enter_ring(3);
    guest.state.gpr[Edx] = 0xFFFFFFFF;
    auto rdtsc = guest.done({ 0x0F, 0x31 });
    CHECK(rdtsc.kind == EventKind::TimeStamp);
    CHECK(rdtsc.a == (uint64_t { guest.state.gpr[Edx] } << 32 | guest.state.gpr[Eax]));
    CHECK(guest.state.gpr[Edx] == 0);
    guest.state.cr4 |= cr4::tsd;
    CHECK(guest.faults({ 0x0F, 0x31 }) == general_protection());
    guest.enter_ring(0);
    guest.done({ 0x0F, 0x31 });
}

TEST_CASE("Model-specific registers are read and written in ring 0, unknown ones are #GP(0)", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.gpr[Ecx] = 0x175; // SYSENTER_ESP
    guest.state.gpr[Eax] = 0x8000;
    guest.state.gpr[Edx] = 0;
    auto write = guest.done({ 0x0F, 0x30 });
    CHECK(guest.state.msrs.sysenter_esp == 0x8000);
    CHECK(write.kind == EventKind::MsrWrite);
    CHECK(write.b == 0x175);
    guest.state.gpr[Eax] = 0;
    auto read = guest.done({ 0x0F, 0x32 });
    CHECK(guest.state.gpr[Eax] == 0x8000);
    CHECK(read.kind == EventKind::MsrRead);
    CHECK(read.a == 0x8000);
    guest.state.gpr[Ecx] = 0x12345;
    CHECK(guest.faults({ 0x0F, 0x32 }) == general_protection());
    CHECK(guest.faults({ 0x0F, 0x30 }) == general_protection());
    guest.enter_ring(3);
    guest.state.gpr[Ecx] = 0x175;
    CHECK(guest.faults({ 0x0F, 0x32 }) == general_protection());
    CHECK(guest.faults({ 0x0F, 0x30 }) == general_protection());
    CHECK(guest.faults({ 0x0F, 0x33 }) == general_protection()); // rdpmc
}

TEST_CASE("CPUID answers from the machine's table in any ring", "[emulator]")
{
    EmulatedGuest guest;
    guest.enter_ring(3);
    guest.state.gpr[Eax] = 1;
    guest.state.gpr[Ecx] = 7;
    auto asked = guest.done({ 0x0F, 0xA2 });
    auto answer = cpuid(1, 7);
    CHECK(guest.state.gpr[Eax] == answer.eax);
    CHECK(guest.state.gpr[Edx] == answer.edx);
    CHECK(asked.kind == EventKind::Cpuid);
    CHECK(asked.a == 1);
    CHECK(asked.b == 7);
}

TEST_CASE("Debug registers move in ring 0; DR4 and DR5 are other names; fixed bits stay", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.gpr[Eax] = 0;
    auto write = guest.done({ 0x0F, 0x23, 0xE8 }); // mov dr5, eax
    CHECK(guest.state.dr[7] == 0x400);
    CHECK(write.effects == effect::debug_registers);
    CHECK(write.kind == EventKind::DebugRegister);
    CHECK(write.b == 7);
    CHECK(write.c == 1);
    guest.done({ 0x0F, 0x23, 0xF0 }); // mov dr6, eax
    CHECK(guest.state.dr[6] == 0xFFFF0FF0);
    auto read = guest.done({ 0x0F, 0x21, 0xE1 }); // mov ecx, dr4
    CHECK(guest.state.gpr[Ecx] == 0xFFFF0FF0);
    CHECK(read.effects == 0);
    CHECK(read.c == 0);
    guest.enter_ring(3);
    CHECK(guest.faults({ 0x0F, 0x21, 0xC0 }) == general_protection());
}

TEST_CASE("A guarded debug register raises #DB with BD and drops the guard", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.dr[7] |= general_detect;
    auto guarded = guest.emulate({ 0x0F, 0x21, 0xC0 });
    CHECK(guarded.outcome == Emulated::Outcome::Fault);
    CHECK(guarded.fault == fault_without_code(DB));
    CHECK((guest.state.dr[6] & general_detect) != 0);
    CHECK((guest.state.dr[7] & general_detect) == 0);
    CHECK(guest.state.eip == code_at);
}

TEST_CASE("SYSENTER enters flat segments of ring 0 with interrupts off, SYSEXIT goes back", "[emulator]")
{
    EmulatedGuest guest;
    guest.enter_ring(3);
    CHECK(guest.faults({ 0x0F, 0x34 }) == general_protection()); // no selector yet
    guest.state.msrs.sysenter_cs = code_0;
    guest.state.msrs.sysenter_esp = kernel_stack;
    guest.state.msrs.sysenter_eip = handler_at;
    auto enter = guest.done({ 0x0F, 0x34 });
    CHECK(guest.state.cpl() == 0);
    CHECK(guest.state.segment(Cs).selector == code_0);
    CHECK(guest.state.segment(Ss).selector == code_0 + 8);
    CHECK(guest.state.eip == handler_at);
    CHECK(guest.state.gpr[Esp] == kernel_stack);
    CHECK_FALSE(guest.state.eflags & eflags::if_);
    CHECK(enter.effects == (effect::segments | effect::interrupts));
    CHECK(enter.kind == EventKind::FastSystemCall);

    guest.state.gpr[Edx] = code_at + 0x20;
    guest.state.gpr[Ecx] = user_stack;
    auto leave = guest.done({ 0x0F, 0x35 });
    CHECK(guest.state.cpl() == 3);
    CHECK(guest.state.segment(Cs).selector == ((code_0 + 16) | 3));
    CHECK(guest.state.segment(Ss).selector == ((code_0 + 24) | 3));
    CHECK(guest.state.eip == code_at + 0x20);
    CHECK(guest.state.gpr[Esp] == user_stack);
    CHECK(leave.kind == EventKind::FastSystemReturn);
    CHECK(guest.faults({ 0x0F, 0x35 }) == general_protection()); // ring 3
}

TEST_CASE("What CPUID does not offer is undefined", "[emulator]")
{
    EmulatedGuest guest;
    CHECK(guest.faults({ 0x0F, 0x05 }) == fault_without_code(UD));       // syscall
    CHECK(guest.faults({ 0x0F, 0x01, 0xF9 }) == fault_without_code(UD)); // rdtscp
    CHECK(guest.faults({ 0x0F, 0x01, 0xD0 }) == fault_without_code(UD)); // xgetbv
    CHECK(guest.faults({ 0x0F, 0x0B }) == fault_without_code(UD));       // ud2
}

TEST_CASE("Floating-point and SSE instructions are not known, and leave everything alone", "[emulator]")
{
    EmulatedGuest guest;
    auto is_unknown = [&](std::initializer_list<uint8_t> bytes) {
        CpuState before = guest.state;
        CHECK(guest.emulate(bytes).outcome == Emulated::Outcome::Unsupported);
        CHECK(guest.state == before);
    };
    is_unknown({ 0xD9, 0x00 });                   // fld dword [eax]
    is_unknown({ 0x0F, 0x28, 0x00 });             // movaps xmm0, [eax]
    is_unknown({ 0xF2, 0x0F, 0x10, 0x00 });       // movsd xmm0, [eax]: not the string instruction
    is_unknown({ 0xF2, 0x0F, 0xC2, 0x00, 0x00 }); // cmpsd xmm0, [eax], 0
}

TEST_CASE("Software interrupts are the caller's, who gets the event", "[emulator]")
{
    EmulatedGuest guest;
    auto event = [&](std::initializer_list<uint8_t> bytes) {
        CpuState before = guest.state;
        CHECK(guest.emulate(bytes).outcome == Emulated::Outcome::SoftwareInterrupt);
        CHECK(guest.state == before);
        return software_interrupt_event(guest.state, *guest.cache.find(guest.memory, guest.state)).value();
    };
    auto int_80 = event({ 0xCD, 0x80 });
    CHECK(int_80.type == EventType::SoftwareInterrupt);
    CHECK(int_80.vector == 0x80);
    CHECK(int_80.return_eip == code_at + 2);
    auto int3 = event({ 0xCC });
    CHECK(int3.type == EventType::SoftwareException);
    CHECK(int3.vector == BP);
    CHECK(int3.return_eip == code_at + 1);
    CHECK(event({ 0xF1 }).type == EventType::PrivilegedSoftwareException);
    guest.state.eflags |= eflags::of;
    CHECK(event({ 0xCE }).vector == OF);
    guest.state.eflags &= ~eflags::of;
    CHECK_FALSE(software_interrupt_event(guest.state, *guest.cache.find(guest.memory, guest.state)));
    guest.done({ 0xCE });
    guest.put_code({ 0x90 });
    CHECK_FALSE(software_interrupt_event(guest.state, *guest.cache.find(guest.memory, guest.state)));
}

TEST_CASE("BOUND raises #BR outside its signed bounds", "[emulator]")
{
    EmulatedGuest guest;
    guest.state.gpr[Ebx] = 0x40000;
    guest.put<int32_t>(0x40000, -5);
    guest.put<int32_t>(0x40004, 7);
    for (int32_t index : { -5, 0, 7 }) {
        guest.state.gpr[Eax] = static_cast<uint32_t>(index);
        guest.done({ 0x62, 0x03 }); // bound eax, [ebx]
    }
    for (int32_t index : { -6, 8, INT32_MIN }) {
        guest.state.gpr[Eax] = static_cast<uint32_t>(index);
        CHECK(guest.faults({ 0x62, 0x03 }) == fault_without_code(BR));
    }
}
