// Which x87, MMX and SSE instructions are taken apart, and that their memory operand is checked, loaded and stored.
#include "core/x86/floating_emulator.hpp"

#include "tests/unit/x86/emulated_guest.hpp"

#include <algorithm>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t data_at = 0x40000;
constexpr uint32_t apic_task_priority = 0xFEE00080, nobody = 0xA0000;

// Stores 1, 2, 3..., and remembers what it was given to load.
struct FakeUnit final : FloatingUnit {
    bool willing = true;
    unsigned executed = 0;
    std::vector<uint8_t> loaded;

    bool accepts(const Instruction&) const override { return willing; }
    void execute(const Instruction&, std::span<std::byte> operand, CpuState&) override
    {
        ++executed;
        loaded.clear();
        uint8_t next = 1;
        for (std::byte& byte : operand) {
            loaded.push_back(std::to_integer<uint8_t>(byte));
            byte = std::byte { next++ };
        }
    }
};

struct FloatingGuest : EmulatedGuest {
    FakeUnit unit;

    FloatingGuest() { state.gpr[Ebx] = data_at; }
    Emulated floating(std::initializer_list<uint8_t> bytes)
    {
        put_code(bytes);
        const Instruction* instruction = cache.find(memory, state);
        REQUIRE(instruction);
        return emulate_floating(*engine, state, *instruction, unit);
    }
    Fault floating_faults(std::initializer_list<uint8_t> bytes)
    {
        CpuState before = state;
        Emulated result = floating(bytes);
        CHECK(result.outcome == Emulated::Outcome::Fault);
        CHECK(state == before);
        CHECK(unit.executed == 0);
        return result.fault;
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

TEST_CASE("Environments, general registers and implied operands are not taken apart", "[emulator]")
{
    FloatingGuest guest;
    CpuState before = guest.state;
    auto unsupported = [&](std::initializer_list<uint8_t> bytes) {
        return guest.floating(bytes).outcome == Emulated::Outcome::Unsupported;
    };
    CHECK(unsupported({ 0xD9, 0x33 }));                         // fnstenv
    CHECK(unsupported({ 0x66, 0xD9, 0x23 }));                   // fldenv of 14 bytes
    CHECK(unsupported({ 0xDD, 0x33 }));                         // fnsave
    CHECK(unsupported({ 0x0F, 0xAE, 0x03 }));                   // fxsave
    CHECK(unsupported({ 0x0F, 0xAE, 0x13 }));                   // ldmxcsr
    CHECK(unsupported({ 0xF3, 0x0F, 0x2D, 0x03 }));             // cvtss2si
    CHECK(unsupported({ 0x66, 0x0F, 0x3A, 0x63, 0x03, 0x00 })); // pcmpistri
    CHECK(unsupported({ 0x0F, 0xF7, 0xC1 }));                   // maskmovq
    CHECK(unsupported({ 0x0F, 0x28, 0xC1 }));                   // movaps of two registers
    CHECK(unsupported({ 0x8B, 0x03 }));                         // mov
    CHECK(guest.state == before);
    guest.unit.willing = false;
    CHECK(unsupported({ 0x0F, 0x28, 0x03 }));
    CHECK(guest.unit.executed == 0);
}

TEST_CASE("What is not taken apart still gets the faults of its operand", "[emulator]")
{
    FloatingGuest guest;
    guest.enable_paging();
    SECTION("of its page")
    {
        guest.unmap(data_at);
        CHECK(guest.floating_faults({ 0x0F, 0xAE, 0x03 }) == page_fault(page_fault_error::write, Gla { data_at })); // fxsave
        CHECK(guest.floating_faults({ 0xD9, 0x23 }) == page_fault(0, Gla { data_at }));                             // fldenv
        CHECK(guest.floating_faults({ 0xF3, 0x0F, 0x2D, 0x03 }) == page_fault(0, Gla { data_at }));             // cvtss2si
        CHECK(guest.floating_faults({ 0xC5, 0xFC, 0x10, 0x03 }) == page_fault(0, Gla { data_at }));             // vmovups
    }
    SECTION("of its alignment")
    {
        guest.state.gpr[Ebx] = data_at + 8;
        CHECK(guest.floating_faults({ 0x0F, 0xAE, 0x03 }) == general_protection());
    }
    SECTION("of its reserved bits")
    {
        guest.put<uint32_t>(data_at, 0x10000);
        CHECK(guest.floating_faults({ 0x0F, 0xAE, 0x13 }) == general_protection()); // ldmxcsr
        guest.put<uint32_t>(data_at, 0x1F80);
        guest.put<uint32_t>(data_at + 24, 0x80001F80);
        CHECK(guest.floating({ 0x0F, 0xAE, 0x13 }).outcome == Emulated::Outcome::Unsupported);
        CHECK(guest.floating_faults({ 0x0F, 0xAE, 0x0B }) == general_protection()); // fxrstor
    }
}
