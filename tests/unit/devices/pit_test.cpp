#include "core/devices/pit.hpp"

#include "tests/catch.hpp"
#include "tests/unit/devices/fake_world.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t control = 3;

struct World : FakeWorld {
    Pit pit { line(), clock, timers };

    uint32_t get(uint32_t offset) { return pit.read(0, offset, 1); }
    void put(uint32_t offset, uint32_t value) { pit.write(0, offset, 1, value); }
    void program(unsigned counter, unsigned mode, uint16_t count, bool bcd = false)
    {
        put(control, counter << 6 | 0x30 | mode << 1 | (bcd ? 1 : 0));
        put(counter, count & 0xFF);
        put(counter, count >> 8);
    }
    // To the nanosecond at which `ticks` more ticks are over.
    void tick(uint64_t ticks)
    {
        const auto now = pit_frequency.ticks_at(clock.now());
        pass(pit_frequency.time_of(now + ticks) - clock.now());
    }
    uint16_t latched(unsigned counter)
    {
        put(control, counter << 6);
        const auto low = get(counter);
        return static_cast<uint16_t>(low | get(counter) << 8);
    }
    uint32_t status(unsigned counter)
    {
        put(control, 0xE0 | 2u << counter);
        return get(counter);
    }
    bool out(unsigned counter) { return status(counter) & 0x80; }
    void gate(bool level) { pit.write(1, 0, 1, level ? 1 : 0); }
    unsigned rises() { return interrupts.rising_edges(); }
};

}

TEST_CASE("ticks and times convert exactly into each other", "[pit]")
{
    for (const uint64_t ticks : { uint64_t { 0 }, uint64_t { 1 }, uint64_t { 1'193'181 }, uint64_t { 1'193'182 },
             uint64_t { 98'765'432'109'876 } }) {
        const auto time = pit_frequency.time_of(ticks);
        CHECK(pit_frequency.ticks_at(time) == ticks);
        if (ticks > 0)
            CHECK(pit_frequency.ticks_at(time - 1) == ticks - 1);
    }
}

TEST_CASE("before anybody programs it, counter 0 gives 18.2 interrupts a second", "[pit]")
{
    World world;
    const auto before = world.rises();
    world.pass(10 * second);
    CHECK(world.rises() - before == 182);
}

TEST_CASE("mode 0 counts down once, raises OUT at zero and goes round", "[pit]")
{
    World world;
    world.program(0, 0, 100);
    CHECK_FALSE(world.interrupts.level());
    CHECK(world.status(0) == 0x70); // OUT low, null count, both bytes, mode 0
    world.tick(1);
    CHECK(world.latched(0) == 100);
    world.tick(40);
    CHECK(world.latched(0) == 60);
    const auto before = world.rises();
    world.tick(59);
    CHECK_FALSE(world.out(0));
    CHECK(world.rises() == before);
    world.tick(1);
    CHECK(world.out(0));
    CHECK(world.rises() == before + 1);
    world.tick(2);
    CHECK(world.latched(0) == 0xFFFE);
    world.pass(second);
    CHECK(world.rises() == before + 1);
}

TEST_CASE("in mode 0 the first byte of a new count stops the counter and lowers OUT", "[pit]")
{
    World world;
    world.program(0, 0, 10);
    world.tick(20);
    CHECK(world.interrupts.level());
    world.put(0, 0x05);
    CHECK_FALSE(world.interrupts.level());
    world.tick(1000);
    CHECK_FALSE(world.interrupts.level());
    world.put(0, 0x00);
    world.tick(6);
    CHECK(world.interrupts.level());
}

TEST_CASE("mode 2 interrupts once per period and never drifts", "[pit]")
{
    World world;
    world.tick(1);
    world.program(0, 2, 11932);
    const auto before = world.rises();
    world.pass(100 * second);
    CHECK(world.rises() - before == 100ull * 1'193'182 / 11932);
}

TEST_CASE("mode 2 reads back from the count to 1 and is low at 1 only", "[pit]")
{
    World world;
    world.program(0, 2, 1000);
    world.tick(1);
    CHECK(world.latched(0) == 1000);
    world.tick(998);
    CHECK(world.latched(0) == 2);
    CHECK(world.out(0));
    world.tick(1);
    CHECK(world.latched(0) == 1);
    CHECK_FALSE(world.out(0));
    world.tick(1);
    CHECK(world.latched(0) == 1000);
    CHECK(world.out(0));
}

TEST_CASE("mode 3 is high for the longer half, counts by two, and its line follows OUT", "[pit]")
{
    World world;
    world.program(0, 3, 101);
    world.tick(1);
    CHECK(world.latched(0) == 100);
    world.tick(50);
    CHECK((world.out(0) && world.interrupts.level()));
    world.tick(1);
    CHECK_FALSE(world.out(0));
    CHECK_FALSE(world.interrupts.level());
    CHECK(world.latched(0) == 100);
    world.tick(10);
    CHECK(world.latched(0) == 80);
    const auto before = world.rises();
    world.tick(40);
    CHECK(world.out(0));
    CHECK(world.rises() == before + 1);
}

TEST_CASE("a count written during a period takes effect when the period is over", "[pit]")
{
    World world;
    world.program(0, 2, 1000);
    world.tick(101);
    world.put(0, 0x64); // 100
    world.put(0, 0x00);
    CHECK(world.latched(0) == 900);
    CHECK(world.status(0) & 0x40); // not loaded yet
    world.tick(899);
    CHECK(world.latched(0) == 1);
    world.tick(1);
    CHECK(world.latched(0) == 100);
    CHECK_FALSE(world.status(0) & 0x40);
    const auto before = world.rises();
    world.tick(100);
    CHECK(world.rises() == before + 1);

    world.program(0, 3, 1000);
    world.tick(101);
    world.put(0, 0x64);
    world.put(0, 0x00);
    world.tick(399);
    CHECK(world.out(0));
    world.tick(1); // the high half of 500 is over, the low half is one of 50
    CHECK_FALSE(world.out(0));
    world.tick(49);
    CHECK_FALSE(world.out(0));
    world.tick(1);
    CHECK(world.out(0));
}

TEST_CASE("a late host sees the edges that it slept through as one, and the next one in time", "[pit]")
{
    const auto mode = GENERATE(2u, 3u);
    World world;
    world.program(0, mode, 11932);
    const auto before = world.rises();
    world.oversleep(second + 8 * millisecond);
    CHECK(world.rises() == before + 1);
    CHECK(world.interrupts.level());
    const auto phase = (pit_frequency.ticks_at(world.clock.now()) - 1) % 11932;
    world.tick(11932 - phase - 1);
    CHECK(world.rises() == before + 1);
    world.tick(1);
    CHECK(world.rises() == before + 2);
}

TEST_CASE("a late host that slept through the low half of a square wave sees its rising edge", "[pit]")
{
    World world;
    world.program(0, 3, 11932);
    world.tick(1000);
    const auto before = world.rises();
    world.oversleep(10 * millisecond); // the next high half, not yet a period after the falling edge
    CHECK(world.out(0));
    CHECK(world.rises() == before + 1);
}

TEST_CASE("an edge that is due is not lost to reprogramming", "[pit]")
{
    World world;
    world.program(0, 0, 100);
    const auto before = world.rises();
    world.clock.advance_to(world.clock.now() + millisecond); // the timer has not run yet
    world.program(0, 0, 100);
    CHECK(world.rises() == before + 1);
}

TEST_CASE("a hostile rate costs the host no more than the shortest period", "[pit]")
{
    World world;
    world.program(0, 2, 1);
    const auto before = world.rises();
    world.pass(millisecond);
    CHECK(world.rises() - before <= millisecond / shortest_rearm);
    CHECK(world.rises() - before > 50);
}

TEST_CASE("BCD counts in decimal", "[pit]")
{
    World world;
    world.program(0, 0, 0x1000, true);
    world.tick(2);
    CHECK(world.latched(0) == 0x0999);
    world.program(0, 2, 0, true);
    world.tick(1 + 9999);
    CHECK(world.latched(0) == 0x0001);
    world.program(0, 0, 0xFFFF, true); // not decimal digits: some count all the same
    world.tick(1);
    CHECK(world.latched(0) == 0x9999);
}

TEST_CASE("a latched count stays until it is read, and a second latch does not replace it", "[pit]")
{
    World world;
    world.program(0, 2, 1000);
    world.tick(11);
    world.put(control, 0x00);
    world.tick(100);
    world.put(control, 0x00);
    CHECK((world.get(0) | world.get(0) << 8) == 990);
    CHECK((world.get(0) | world.get(0) << 8) == 890);
}

TEST_CASE("read-back latches status and count of several counters; status comes first", "[pit]")
{
    World world;
    world.put(control, 0x54); // counter 1: low byte only, mode 2
    world.put(1, 200);
    world.program(0, 3, 400);
    world.tick(11);
    world.put(control, 0xC6);
    world.tick(5);
    CHECK(world.get(0) == 0xB6);
    CHECK((world.get(0) | world.get(0) << 8) == 380);
    CHECK(world.get(1) == 0x94);
    CHECK(world.get(1) == 190);
    CHECK(world.get(1) == 185);
}

TEST_CASE("access to one byte only leaves the other zero", "[pit]")
{
    World world;
    world.put(control, 0x20); // counter 0: high byte only, mode 0
    world.put(0, 0x02);
    world.tick(1 + 0x200 - 1);
    CHECK_FALSE(world.out(0));
    world.tick(1);
    CHECK(world.out(0));
}

TEST_CASE("the gate of counter 2 holds mode 0 and lets it go on", "[pit]")
{
    World world;
    world.gate(true);
    world.program(2, 0, 1000);
    world.tick(101);
    CHECK(world.latched(2) == 900);
    world.gate(false);
    world.tick(5000);
    CHECK(world.latched(2) == 900);
    CHECK((world.pit.read(1, 0, 1) & 0x20) == 0);
    world.gate(true);
    world.tick(899);
    CHECK((world.pit.read(1, 0, 1) & 0x20) == 0);
    world.tick(1);
    CHECK((world.pit.read(1, 0, 1) & 0x21) == 0x21);
}

TEST_CASE("modes 1 and 5 start with the gate and start again with it", "[pit]")
{
    World world;
    world.program(2, 1, 100);
    world.tick(500);
    CHECK(world.out(2));
    world.gate(true);
    world.tick(1);
    CHECK_FALSE(world.out(2));
    world.gate(false); // no effect on the pulse
    world.tick(60);
    world.gate(true);
    world.tick(100);
    CHECK_FALSE(world.out(2));
    world.tick(1);
    CHECK(world.out(2));

    world.gate(false);
    world.program(2, 5, 50);
    world.gate(true);
    world.tick(50);
    CHECK(world.out(2));
    world.tick(1);
    CHECK_FALSE(world.out(2));
    world.tick(1);
    CHECK(world.out(2));
}

TEST_CASE("mode 4 strobes for one tick after the count", "[pit]")
{
    World world;
    world.program(0, 4, 50);
    const auto before = world.rises();
    world.tick(50);
    CHECK(world.out(0));
    world.tick(1);
    CHECK_FALSE(world.out(0));
    world.tick(1);
    CHECK(world.out(0));
    world.pass(second);
    CHECK(world.rises() == before + 1);
}

TEST_CASE("the gate of a rate generator stops it with OUT high and restarts the period", "[pit]")
{
    World world;
    world.gate(true);
    world.program(2, 2, 100);
    world.tick(100);
    CHECK_FALSE(world.out(2));
    world.gate(false);
    CHECK(world.out(2));
    world.tick(1000);
    world.gate(true);
    world.tick(1);
    CHECK(world.latched(2) == 100);
}

TEST_CASE("port 0x61 keeps the speaker bits and shows a refresh bit that toggles", "[pit]")
{
    World world;
    world.pit.write(1, 0, 1, 0xFF);
    CHECK((world.pit.read(1, 0, 1) & 0x0F) == 0x0F);
    world.pit.write(1, 0, 1, 0x02);
    CHECK((world.pit.read(1, 0, 1) & 0xCF) == 0x02);
    const auto before = world.pit.read(1, 0, 1) & 0x10;
    world.tick(18);
    CHECK((world.pit.read(1, 0, 1) & 0x10) != before);
}

TEST_CASE("looking at the registers changes nothing", "[pit]")
{
    World world;
    world.program(0, 2, 1000);
    world.tick(500);
    world.put(0, 0x10);
    CHECK(world.pit.registers().size() == 4);
    world.put(0, 0x00);
    world.tick(501);
    CHECK(world.latched(0) == 16);
}
