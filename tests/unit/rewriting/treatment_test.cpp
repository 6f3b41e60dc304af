#include "strategies/rewriting/treatment.hpp"

#include "core/x86/instruction_classes.hpp"
#include "tests/unit/rewriting/cache_world.hpp"

using namespace ringside;
using namespace ringside::rewriting;
using namespace ringside::test;

namespace {

// Under which name the call of the monitor is counted that is the first in this instruction's translation.
std::string_view counted_as(std::vector<uint8_t> code, CodeRing ring = CodeRing::Ring0)
{
    CacheWorld world;
    const auto& block = world.translate(0x00100000, std::move(code), ring);
    REQUIRE_FALSE(block.sites.empty());
    return instruction_name(block.sites.front().name);
}

}

TEST_CASE("Calls of the monitor are counted by what calls", "[rewriting]")
{
    CHECK(counted_as({ 0xEE }) == "OUT");
    CHECK(counted_as({ 0x0F, 0x22, 0xD8 }) == "MOV CRn");
    CHECK(counted_as({ 0x8E, 0xD8 }) == "MOV Sreg"); // in place, unless it is not as last time
    CHECK(counted_as({ 0xFB }) == "STI");            // the same, unless an interrupt waits
    CHECK(counted_as({ 0xCF }) == "IRET");
    CHECK(counted_as({ 0xCD, 0x80 }, CodeRing::Ring3) == "INT n");
    CHECK(counted_as({ 0x2E, 0x8B, 0x06 }, CodeRing::Ring3) == "access through CS");
    CHECK(counted_as({ 0x66, 0xC3 }) == "near branch");
    CHECK(counted_as({ 0xC5, 0xF8, 0x77 }) == "undefined"); // vzeroupper
    CHECK(counted_as({ 0x90 }) == "HLT");                   // what comes behind
}

TEST_CASE("Every line of the table of instructions has a name in the counters, and each name a number", "[rewriting]")
{
    for (const auto& line : instruction_lines()) {
        CAPTURE(line.name);
        bool counted = false;
        for (unsigned number = 0; number < instruction_names; ++number)
            counted |= instruction_name(static_cast<uint8_t>(number)) == line.name;
        CHECK(counted);
    }
    CHECK(instruction_name(0).empty());
    CHECK(instruction_name(UINT8_MAX).empty());
}

// SDM 3A tables 2-2, 12-1 and 13-1.
TEST_CASE("Floating-point instructions trap as CR0.EM, CR0.TS and CR4.OSFXSR say", "[rewriting]")
{
    struct Row {
        std::string_view name;
        std::vector<uint8_t> code;
        uint8_t with_ts, with_em, without_osfxsr;
    };
    const Row rows[] {
        { "fadd", { 0xD8, 0xC1 }, NM, NM, 0 },
        { "fcomi", { 0xDB, 0xF1 }, NM, NM, 0 },
        { "fisttp m32", { 0xDB, 0x08 }, NM, NM, 0 },
        { "fwait", { 0x9B }, 0, 0, 0 }, // with TS only if MP is set
        { "fxsave", { 0x0F, 0xAE, 0x00 }, NM, NM, 0 },
        { "emms", { 0x0F, 0x77 }, NM, UD, 0 },
        { "pmovmskb of mm1", { 0x0F, 0xD7, 0xC1 }, NM, UD, 0 },
        { "paddq of mm1", { 0x0F, 0xD4, 0xC1 }, NM, UD, 0 },
        { "addps", { 0x0F, 0x58, 0xC1 }, NM, UD, UD },
        { "stmxcsr", { 0x0F, 0xAE, 0x18 }, NM, UD, UD },
        { "movnti", { 0x0F, 0xC3, 0x00 }, 0, 0, 0 },
        { "mfence", { 0x0F, 0xAE, 0xF0 }, 0, 0, 0 },
        { "prefetchnta", { 0x0F, 0x18, 0x00 }, 0, 0, 0 },
        { "crc32", { 0xF2, 0x0F, 0x38, 0xF0, 0xC1 }, 0, 0, 0 },
        { "popcnt", { 0xF3, 0x0F, 0xB8, 0xC1 }, 0, 0, 0 },
    };
    for (const auto& row : rows) {
        CAPTURE(row.name);
        Instruction instruction;
        CpuState state;
        state.cr0 |= cr0::pe;
        state.segment(Cs).attributes = Segment::default_big;
        REQUIRE(decode_bytes(state, row.code, instruction));
        auto fault = [&](ControlMode mode) { return treat(instruction, false, mode).fault; };
        CHECK(fault({ .osfxsr = true }) == 0);
        CHECK(fault({ .ts = true, .osfxsr = true }) == row.with_ts);
        CHECK(fault({ .em = true, .osfxsr = true }) == row.with_em);
        CHECK(fault({ .osfxsr = false }) == row.without_osfxsr);
        CHECK(treat(instruction, false, { .osfxsr = true }).depends_on_mode == (row.with_ts != 0 || row.name == "fwait"));
    }
}

namespace {

Treated treated_rdtsc(bool ring_3, ControlMode mode)
{
    Instruction instruction;
    CpuState state;
    state.cr0 |= cr0::pe;
    state.segment(Cs).attributes = Segment::default_big;
    REQUIRE(decode_bytes(state, std::vector<uint8_t> { 0x0F, 0x31 }, instruction));
    return treat(instruction, ring_3, mode);
}

}

TEST_CASE("RDTSC is treated as the run asks for, in both rings, but in ring 3 with CR4.TSD the monitor is called", "[rewriting]")
{
    struct Row {
        TimeStampReading reading;
        Treatment treatment;
    };
    const Row rows[] { { TimeStampReading::Native, Treatment::Identical }, { TimeStampReading::Inline, Treatment::Inline },
        { TimeStampReading::Callout, Treatment::Callout }, { TimeStampReading::Trap, Treatment::Trap } };
    for (const auto& row : rows) {
        ControlMode open { .time_stamp = row.reading }, closed { .tsd = true, .time_stamp = row.reading };
        CAPTURE(treatment_name(row.treatment));
        CHECK(treated_rdtsc(false, open).treatment == row.treatment);
        CHECK(treated_rdtsc(false, closed).treatment == row.treatment);
        CHECK_FALSE(treated_rdtsc(false, open).depends_on_mode);
        CHECK(treated_rdtsc(true, open).treatment == row.treatment);
        CHECK(treated_rdtsc(true, open).depends_on_mode);
        CHECK(treated_rdtsc(true, closed).treatment == Treatment::Callout);
        CHECK(treated_rdtsc(true, closed).fault == 0); // the emulator knows which
    }
}
