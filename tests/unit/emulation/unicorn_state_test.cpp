#include "strategies/emulation/unicorn_proof.hpp"
#include "strategies/emulation/unicorn_state.hpp"
#include "tests/catch.hpp"

#include <random>

using namespace ringside;

namespace {

UnicornLayout layout()
{
    auto found = find_unicorn_layout();
    REQUIRE(found);
    return *found;
}

Segment random_segment(std::mt19937& random, unsigned dpl, uint16_t type)
{
    auto attributes = static_cast<uint16_t>(Segment::present | Segment::code_or_data | dpl << 5 | type);
    if (random() % 2)
        attributes |= Segment::default_big;
    if (random() % 2)
        attributes |= 1 << 15;
    return { static_cast<uint16_t>(random()), attributes, static_cast<uint32_t>(random()), static_cast<uint32_t>(random()) };
}

// Any state that the CPU can be in between two instructions, in protected mode.
CpuState random_state(std::mt19937& random)
{
    CpuState state;
    unsigned ring = random() % 4;
    for (auto& value : state.gpr)
        value = static_cast<uint32_t>(random());
    state.eip = static_cast<uint32_t>(random());
    constexpr uint32_t settable = eflags::cf | eflags::pf | eflags::af | eflags::zf | eflags::sf | eflags::tf | eflags::if_
        | eflags::df | eflags::of | eflags::iopl | eflags::nt | eflags::ac | eflags::id;
    state.eflags = (static_cast<uint32_t>(random()) & settable) | eflags::fixed;
    for (auto& segment : state.segments)
        segment = random_segment(random, ring, 3);
    state.segment(Cs) = random_segment(random, ring, 0xB);
    state.ldtr = { static_cast<uint16_t>(random()), 0x82, static_cast<uint32_t>(random()), 0xFFFF };
    state.tr = { static_cast<uint16_t>(random()), 0x8B, static_cast<uint32_t>(random()), 0x67 };
    state.gdtr = { static_cast<uint32_t>(random()), static_cast<uint16_t>(random()) };
    state.idtr = { static_cast<uint32_t>(random()), static_cast<uint16_t>(random()) };
    state.cr0 = cr0::pe | cr0::et | (static_cast<uint32_t>(random()) & (cr0::mp | cr0::em | cr0::ts | cr0::ne | cr0::wp));
    state.cr2 = static_cast<uint32_t>(random());
    state.cr3 = static_cast<uint32_t>(random()) & ~0xFFFu;
    state.cr4 = static_cast<uint32_t>(random()) & (cr4::pse | cr4::pge | cr4::osfxsr | cr4::tsd);
    state.msrs.sysenter_cs = static_cast<uint32_t>(random()) & 0xFFFF;
    state.msrs.sysenter_esp = static_cast<uint32_t>(random());
    state.msrs.sysenter_eip = static_cast<uint32_t>(random());
    state.interrupt_shadow = random() % 2;
    state.nmi_blocked = random() % 2;
    // FXSAVE: control, status and MXCSR as a program may set them, then registers of any content.
    for (std::size_t i = 32; i < 288; ++i)
        state.fxsave[i] = std::byte { static_cast<uint8_t>((i % 16 < 10 || i >= 160) ? random() : 0) };
    auto put = [&](std::size_t at, uint32_t value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; ++i)
            state.fxsave[at + i] = std::byte { static_cast<uint8_t>(value >> (8 * i)) };
    };
    put(0, 0x0040 | (random() & 0x0F3F), 2);
    put(2, random() & 0x7F00, 2);
    put(4, random() & 0xFF, 1);
    put(24, 0x1F80 | (random() & 0x6000), 4);
    put(28, 0xFFFF, 4);
    return state;
}

}

TEST_CASE("The layout of this Unicorn is found and proven", "[emulation]")
{
    CHECK(prove_unicorn_layout(layout()));
}

TEST_CASE("The proof refuses a layout with a wrong place", "[emulation]")
{
    for (auto place : { &UnicornLayout::segments, &UnicornLayout::error_code, &UnicornLayout::hidden_flags }) {
        auto wrong = layout();
        wrong.*place += 4;
        CHECK_FALSE(prove_unicorn_layout(wrong));
    }
}

TEST_CASE("Every CPU state comes back from Unicorn as it went in", "[emulation]")
{
    constexpr unsigned seed = 20261122;
    INFO("seed " << seed);
    std::mt19937 random(seed);
    auto engine = UnicornEngine::create();
    REQUIRE(engine);
    UnicornState unicorn(*engine, layout());
    for (int round = 0; round < 500; ++round) {
        auto state = random_state(random);
        unicorn.load(state, StatePart::All);
        CpuState back;
        unicorn.save(back, StatePart::All);
        // What Unicorn does not hold is the caller's.
        back.dr = state.dr;
        back.msrs = state.msrs;
        unicorn.save(back, StatePart::All);
        REQUIRE(back.segments == state.segments);
        REQUIRE(back.eflags == state.eflags);
        REQUIRE(back.fxsave == state.fxsave);
        REQUIRE(back == state);
    }
}

TEST_CASE("EIP follows the block's linear address through the code segment's base", "[emulation]")
{
    auto engine = UnicornEngine::create();
    REQUIRE(engine);
    UnicornState unicorn(*engine, layout());
    CpuState state = multiboot_entry_state(0x100000, 0);
    state.segment(Cs).base = 0x4000;
    unicorn.load(state, StatePart::All);
    unicorn.set_instruction_pointer(0x105000);
    unicorn.save(state, StatePart::Integer);
    CHECK(state.eip == 0x101000);
}

// With it, a call through a gate to another ring ends the process (SDM 3A §7.2.2 says that TR is of a busy TSS).
TEST_CASE("Unicorn does not get to see that the task register's TSS is busy, and a save says it again", "[emulation]")
{
    auto unicorn = std::move(*UnicornEngine::create());
    UnicornState state(unicorn, layout());
    CpuState cpu;
    state.save(cpu, StatePart::All);
    cpu.tr = { 0x30, 0x8B, 0x1000, 0x67 };
    state.load(cpu, StatePart::All);
    uc_x86_mmr seen {};
    uc_reg_read(unicorn.get(), UC_X86_REG_TR, &seen);
    CHECK((seen.flags >> 8 & 0xFF) == 0x89);
    CpuState saved;
    state.save(saved, StatePart::All);
    CHECK(saved.tr == cpu.tr);
}
