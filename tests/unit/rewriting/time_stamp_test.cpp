// Translations of RDTSC: where the guest's registers are wherever the host is stopped in them.
#include "strategies/rewriting/inline_records.hpp"
#include "strategies/rewriting/recovery.hpp"
#include "tests/unit/rewriting/cache_world.hpp"

#include <algorithm>

using namespace ringside;
using namespace ringside::rewriting;
using namespace ringside::test;

namespace {

constexpr uint32_t at = 0x00100000;
const std::vector<uint8_t> rdtsc { 0x0F, 0x31 };

const SourceInstruction& only(const Block& block)
{
    REQUIRE_FALSE(block.instructions.empty());
    return block.instructions.front();
}

// Where in the translation the host's RDTSC lies, which is there once.
uint32_t host_rdtsc(const CacheWorld& world, const Block& block)
{
    const uint8_t* begin = world.area.writable(block.host);
    const uint8_t* end = begin + block.size;
    const uint8_t* found = std::search(begin, end, rdtsc.begin(), rdtsc.end());
    REQUIRE(found != end);
    REQUIRE(std::search(found + 1, end, rdtsc.begin(), rdtsc.end()) == end);
    return static_cast<uint32_t>(found - begin);
}

}

TEST_CASE("A stop within an inline RDTSC is before it, with all registers, or behind it, with its result", "[rewriting]")
{
    CacheWorld world;
    world.mode.time_stamp = TimeStampReading::Inline;
    for (auto ring : { CodeRing::Ring0, CodeRing::Ring3 }) {
        const auto& block = world.translate(at, rdtsc, ring);
        world.area.slots().eax = 0x11111111;
        world.area.slots().ecx = 0x22222222;
        world.area.slots().edx = 0x33333333;
        uint32_t read = host_rdtsc(world, block);
        unsigned before = 0, behind = 0;
        for (uint32_t offset = read; offset < block.size; ++offset) {
            Stop stop = stop_at(block, offset);
            HostRegisters registers { 0xA, 0xC, 0xD, 0x5 };
            recover(world.area, stop, registers);
            CHECK_FALSE(stop.in_software);
            CHECK(registers.esp == 0x5);
            if (stop.eip == at) {
                CHECK(behind == 0);
                CHECK(registers.eax == 0x11111111);
                CHECK(registers.ecx == 0x22222222);
                CHECK(registers.edx == 0x33333333);
                ++before;
            } else {
                CHECK(stop.eip == at + 2);
                CHECK(registers.eax == 0xA);
                CHECK(registers.edx == 0xD);
                behind += registers.ecx == 0x22222222; // then the guest's ECX is back
            }
        }
        CHECK(before > rdtsc.size());
        CHECK(behind > 0);
    }
}

TEST_CASE("RDTSC by a trap is a fault that the monitor executes the instruction for, and ends the block", "[rewriting]")
{
    CacheWorld world;
    world.mode.time_stamp = TimeStampReading::Trap;
    const auto& block = world.translate(at, { 0x90, 0x0F, 0x31, 0x90, 0x90 });
    REQUIRE(block.instructions.size() == 2);
    CHECK(block.source.size() == 3);
    const auto& trap = block.instructions.back();
    CHECK(trap.treatment == Treatment::Trap);
    CHECK(*world.area.writable(block.host + trap.host_offset) == CacheWorld::hlt);
    auto stop = stop_at(block, trap.host_offset);
    CHECK(stop.in_software);
    CHECK(stop.recovery == Recovery::Boundary);
    CHECK(stop.eip == at + 1);
    CHECK_FALSE(stop_at(block, block.instructions.front().host_offset).in_software);
}

TEST_CASE("RDTSC by a call of the monitor is counted under its name, and copied it is not counted", "[rewriting]")
{
    CacheWorld world;
    world.mode.time_stamp = TimeStampReading::Callout;
    const auto& called = world.translate(at, rdtsc);
    CHECK(only(called).treatment == Treatment::Callout);
    REQUIRE(called.sites.size() == 1);
    CHECK(instruction_name(called.sites.front().name) == "RDTSC");
    world.mode.time_stamp = TimeStampReading::Native;
    const auto& copied = world.translate(at + 0x1000, rdtsc);
    CHECK(only(copied).treatment == Treatment::Identical);
    CHECK(host_rdtsc(world, copied) == only(copied).host_offset);
}

TEST_CASE("What the guest's time-stamp counter is ahead lies in the area in parts that cannot overflow", "[rewriting]")
{
    CacheWorld world;
    GuestMemory memory = [] {
        auto made = GuestMemory::create(minimum_memory);
        REQUIRE(made);
        return std::move(*made);
    }();
    InlineRecords records(world.area, memory);
    for (uint64_t ahead : { uint64_t { 0x123456789ABCDEF0 }, UINT64_MAX, uint64_t { 0 } }) {
        records.note_time_stamp_offset(ahead);
        const volatile auto& parts = world.area.system().time_stamp_offset;
        CHECK(parts[0] <= 0xFFFF);
        CHECK(parts[1] <= 0xFFFF);
        CHECK((uint64_t { parts[2] } << 32 | uint64_t { parts[1] } << 16 | parts[0]) == ahead);
    }
}
