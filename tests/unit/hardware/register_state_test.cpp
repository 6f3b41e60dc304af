// The state of a vCPU goes into KVM and comes out as it was. Needs a KVM of any kind: nothing runs.
#include "strategies/hardware/register_state.hpp"
#include "tests/catch.hpp"

#include <cstring>
#include <optional>

using namespace ringside;

namespace {

struct Vcpu {
    std::unique_ptr<KvmSystem> system;
    KvmMachine machine;
    KvmCpu cpu;
};

std::optional<Vcpu> make_vcpu()
{
    auto opened = KvmSystem::open();
    if (!opened.system) {
        WARN("skipped: " << opened.reason);
        return std::nullopt;
    }
    auto machine = opened.system->create_machine();
    REQUIRE(machine);
    auto cpu = machine->create_cpu(*opened.system);
    REQUIRE(cpu);
    return Vcpu { std::move(opened.system), std::move(*machine), std::move(*cpu) };
}

// Every field has a value of its own that a kernel in ring 3 could have.
CpuState unusual_state()
{
    CpuState state = multiboot_entry_state(0x00101234, 0x9000);
    for (uint32_t i = 0; i < 8; ++i)
        state.gpr[i] = 0x11111111 * (i + 1);
    state.eflags = 0x3202 | eflags::cf | eflags::zf | eflags::df;
    state.segment(Cs) = { 0x1B, 0xC0FB, 0, 0xFFFFFFFF };
    state.segment(Ss) = { 0x23, 0xC0F3, 0, 0xFFFFFFFF };
    state.segment(Ds) = { 0x23, 0xC0F3, 0, 0xFFFFFFFF };
    state.segment(Es) = { 0x2B, 0x40F3, 0x12345000, 0x00001FFF };
    state.segment(Fs) = { 0x33, 0xD0F7, 0x00001000, 0x00FFFFFF };
    state.segment(Gs) = {};
    state.ldtr = { 0x38, 0x0082, 0x00008000, 0x003F };
    state.tr = { 0x40, 0x008B, 0x00009000, 0x2067 };
    state.gdtr = { 0xC0100000, 0x007F };
    state.idtr = { 0xC0101000, 0x07FF };
    state.cr2 = 0xDEADBEEF;
    state.cr3 = 0x00102000;
    state.cr0 = cr0::pe | cr0::et | cr0::ne | cr0::wp | cr0::ts;
    state.cr4 = cr4::pge | cr4::osfxsr;
    state.dr = { 0x1000, 0x2000, 0x3000, 0x4000, 0, 0, 0xFFFF0FF1, 0x400 };
    for (std::size_t i = 0; i < 8 * 16; i += 16)
        std::memset(&state.fxsave[32 + i], static_cast<int>(0x30 + i / 16), 10);
    for (std::size_t i = 160; i < 160 + 8 * 16; ++i)
        state.fxsave[i] = static_cast<std::byte>(i * 7);
    state.fxsave[4] = std::byte { 0xFF };
    return state;
}

void forget_what_the_host_decides(CpuState& state)
{
    std::memset(&state.fxsave[28], 0, 4); // the mask of MXCSR
    std::memset(&state.fxsave[288], 0, 224); // registers of 64-bit mode, and what is reserved
}

}

TEST_CASE("All of a vCPU's state comes out of KVM as it went in", "[hardware]")
{
    auto vcpu = make_vcpu();
    if (!vcpu)
        return;
    CpuState before = unusual_state();
    RegisterState registers;
    auto put = registers.put(vcpu->cpu, before);
    INFO((put ? "" : put.error().message));
    REQUIRE(put);
    CpuState after;
    after.msrs = before.msrs;
    REQUIRE(registers.take(vcpu->cpu, after));
    forget_what_the_host_decides(before);
    forget_what_the_host_decides(after);
    CHECK(after.gpr == before.gpr);
    CHECK(after.eip == before.eip);
    CHECK(after.eflags == before.eflags);
    for (unsigned i = 0; i < 6; ++i) {
        INFO("segment " << i);
        CHECK(after.segments[i] == before.segments[i]);
    }
    CHECK(after.ldtr == before.ldtr);
    CHECK(after.tr == before.tr);
    CHECK(after.gdtr == before.gdtr);
    CHECK(after.idtr == before.idtr);
    CHECK(after.cr0 == before.cr0);
    CHECK(after.cr2 == before.cr2);
    CHECK(after.cr3 == before.cr3);
    CHECK(after.cr4 == before.cr4);
    CHECK(after.dr == before.dr);
    CHECK(after.fxsave == before.fxsave);
    CHECK(after == before);
}

TEST_CASE("The interrupt shadow and blocked NMIs come out as they went in", "[hardware]")
{
    auto vcpu = make_vcpu();
    if (!vcpu)
        return;
    for (bool shadow : { false, true }) {
        for (bool blocked : { false, true }) {
            CpuState before = unusual_state();
            before.interrupt_shadow = shadow;
            before.nmi_blocked = blocked;
            RegisterState registers;
            REQUIRE(registers.put(vcpu->cpu, before));
            CpuState after;
            REQUIRE(registers.take(vcpu->cpu, after));
            CHECK(after.interrupt_shadow == shadow);
            CHECK(after.nmi_blocked == blocked);
        }
    }
}

TEST_CASE("A guest that has no task keeps none, although the hardware wants one", "[hardware]")
{
    auto vcpu = make_vcpu();
    if (!vcpu)
        return;
    CpuState before = unusual_state();
    before.tr = {};
    RegisterState registers;
    REQUIRE(registers.put(vcpu->cpu, before));
    CpuState after;
    REQUIRE(registers.take(vcpu->cpu, after));
    CHECK(after.tr == Segment {});
}

TEST_CASE("An interrupt that was being delivered is told, and is gone when a state is put in again", "[hardware]")
{
    auto vcpu = make_vcpu();
    if (!vcpu)
        return;
    RegisterState registers;
    REQUIRE(registers.put(vcpu->cpu, unusual_state()));
    kvm_vcpu_events events {};
    events.interrupt.injected = 1;
    events.interrupt.nr = 0x31;
    REQUIRE(vcpu->cpu.call(KVM_SET_VCPU_EVENTS, &events) == 0);
    CpuState state;
    REQUIRE(registers.take(vcpu->cpu, state));
    REQUIRE(registers.interrupted_delivery());
    CHECK(registers.interrupted_delivery()->vector == 0x31);
    CHECK(registers.interrupted_delivery()->type == EventType::ExternalInterrupt);
    CHECK(registers.interrupted_delivery()->return_eip == state.eip);
    REQUIRE(registers.put(vcpu->cpu, state));
    REQUIRE(registers.take(vcpu->cpu, state));
    CHECK_FALSE(registers.interrupted_delivery());
}

TEST_CASE("A page fault that was being delivered is told with its code and its address", "[hardware]")
{
    auto vcpu = make_vcpu();
    if (!vcpu)
        return;
    RegisterState registers;
    REQUIRE(registers.put(vcpu->cpu, unusual_state()));
    kvm_vcpu_events events {};
    events.exception.injected = 1;
    events.exception.nr = PF;
    events.exception.has_error_code = 1;
    events.exception.error_code = 6;
    REQUIRE(vcpu->cpu.call(KVM_SET_VCPU_EVENTS, &events) == 0);
    CpuState state;
    REQUIRE(registers.take(vcpu->cpu, state));
    REQUIRE(registers.interrupted_delivery());
    CHECK(registers.interrupted_delivery()->vector == PF);
    CHECK(registers.interrupted_delivery()->error_code == 6);
    CHECK(registers.interrupted_delivery()->fault_address == 0xDEADBEEF);
}

TEST_CASE("A breakpoint instruction that was being delivered comes again by itself", "[hardware]")
{
    auto vcpu = make_vcpu();
    if (!vcpu)
        return;
    RegisterState registers;
    REQUIRE(registers.put(vcpu->cpu, unusual_state()));
    kvm_vcpu_events events {};
    events.exception.injected = 1;
    events.exception.nr = BP;
    REQUIRE(vcpu->cpu.call(KVM_SET_VCPU_EVENTS, &events) == 0);
    CpuState state;
    REQUIRE(registers.take(vcpu->cpu, state));
    CHECK_FALSE(registers.interrupted_delivery());
}
