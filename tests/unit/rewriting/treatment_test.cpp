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
