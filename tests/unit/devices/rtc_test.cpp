#include "core/devices/rtc.hpp"

#include "tests/catch.hpp"
#include "tests/unit/devices/fake_world.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

enum : uint32_t { A = 0x0A, B = 0x0B, C = 0x0C, D = 0x0D };
constexpr uint64_t mib = 1024 * 1024;

struct World : FakeWorld {
    Rtc rtc;

    explicit World(int64_t start = 946'684'800, uint64_t memory = 64 * mib)
        : rtc(line(), clock, timers, RtcStart { start }, memory)
    {
    }
    uint32_t get(uint32_t index)
    {
        rtc.write(0, 0, 1, index);
        return rtc.read(0, 1, 1);
    }
    void put(uint32_t index, uint32_t value)
    {
        rtc.write(0, 0, 1, index);
        rtc.write(0, 1, 1, value);
    }
    uint32_t time() { return get(4) << 16 | get(2) << 8 | get(0); }
    uint32_t date() { return get(0x32) << 24 | get(9) << 16 | get(8) << 8 | get(7); }
    unsigned rises() { return interrupts.rising_edges(); }
};

}

TEST_CASE("the time of day is the injected start plus the guest's clock", "[rtc]")
{
    World world;
    CHECK(world.date() == 0x20000101);
    CHECK(world.time() == 0x000000);
    CHECK(world.get(6) == 7); // Saturday
    world.pass(86'399 * second + 999 * millisecond);
    CHECK(world.time() == 0x235959);
    world.pass(millisecond);
    CHECK(world.time() == 0x000000);
    CHECK(world.date() == 0x20000102);
    CHECK(world.get(6) == 1);
}

TEST_CASE("leap days and the ends of years are the calendar's", "[rtc]")
{
    CHECK(World(1'709'164'800).date() == 0x20240229);
    CHECK(World(1'709'251'200).date() == 0x20240301);
    CHECK(World(4'107'542'399).date() == 0x21000228);
    CHECK(World(4'107'542'400).date() == 0x21000301);
    CHECK(World(-1).date() == 0x19691231);
}

TEST_CASE("binary and 12-hour modes change the encoding", "[rtc]")
{
    World world(946'684'800 + 23 * 3600 + 59 * 60 + 58);
    world.put(B, 0x06);
    CHECK(world.time() == 0x173B3A);
    world.put(B, 0x00);
    CHECK(world.time() == 0x915958);
    world.put(B, 0x04);
    CHECK(world.time() == 0x8B3B3A);
    world.pass(2 * second);
    CHECK(world.get(4) == 12); // midnight is 12 a.m.
    world.pass(12 * 3600 * second);
    CHECK(world.get(4) == (0x80 | 12));
}

TEST_CASE("the guest sets the time while the clock stands still", "[rtc]")
{
    World world;
    world.put(B, 0x82);
    world.pass(5 * second);
    CHECK(world.time() == 0x000000);
    world.put(0, 0x30);
    world.put(2, 0x59);
    world.put(4, 0x23);
    world.put(7, 0x31);
    world.put(8, 0x12);
    world.put(9, 0x99);
    world.put(0x32, 0x19);
    world.put(6, 0x06);
    world.put(B, 0x02);
    CHECK(world.time() == 0x235930);
    world.pass(29 * second);
    CHECK(world.time() == 0x235959);
    CHECK(world.get(6) == 6);
    world.pass(second);
    CHECK(world.date() == 0x20000101);
    CHECK(world.get(6) == 7);
}

TEST_CASE("the guest sets an afternoon hour in 12-hour mode", "[rtc]")
{
    World world;
    world.put(B, 0x80);
    world.put(4, 0x91); // 11 p.m.
    world.put(B, 0x00);
    CHECK(world.get(4) == 0x91);
    world.pass(3600 * second);
    CHECK(world.get(4) == 0x12);
    CHECK(world.get(7) == 0x02);
}

TEST_CASE("a single register can be set while the clock runs", "[rtc]")
{
    World world;
    world.pass(second / 2);
    world.put(4, 0x12);
    CHECK(world.time() == 0x120000);
    world.pass(second / 2);
    CHECK(world.time() == 0x120001);
}

TEST_CASE("nonsense in the time registers becomes some time", "[rtc]")
{
    World world;
    world.put(B, 0x82);
    for (const uint32_t index : { 0u, 2u, 4u, 6u, 7u, 8u, 9u, 0x32u })
        world.put(index, 0xFF);
    world.put(B, 0x02);
    CHECK((world.get(8) & 0x0F) <= 9);
    CHECK(world.get(8) >= 1);
    CHECK(world.get(8) <= 0x12);
    CHECK(world.get(4) <= 0x23);
    CHECK((world.get(6) >= 1 && world.get(6) <= 7));
    world.put(B, 0x86);
    for (const uint32_t index : { 0u, 2u, 4u, 6u, 7u, 8u, 9u, 0x32u })
        world.put(index, 0x00);
    world.put(B, 0x06);
    CHECK(world.get(8) == 1);
    CHECK(world.get(7) == 1);
}

TEST_CASE("update in progress warns of the change for 244 microseconds, unless the clock is stopped", "[rtc]")
{
    World world;
    world.pass(second - 245 * microsecond);
    CHECK_FALSE(world.get(A) & 0x80);
    world.pass(microsecond);
    CHECK(world.get(A) & 0x80);
    world.put(B, 0x82);
    CHECK_FALSE(world.get(A) & 0x80);
    world.put(B, 0x02);
    world.pass(second);
    CHECK_FALSE(world.get(A) & 0x80);
}

TEST_CASE("the periodic interrupt comes at its rate, each time that status C is read", "[rtc]")
{
    World world;
    world.put(A, 0x26); // 1024 Hz
    world.put(B, 0x42);
    for (unsigned i = 1; i <= 1024; ++i) {
        world.pass(976'563); // 1 / 1024 s, rounded up
        CHECK(world.rises() == i);
        CHECK((world.get(C) & 0xC0) == 0xC0);
        CHECK_FALSE(world.interrupts.level());
    }
    CHECK(world.get(C) == 0);
    world.pass(10 * second);
    CHECK(world.rises() == 1025); // the line stays up until somebody looks
    CHECK(world.interrupts.level());
}

TEST_CASE("flags rise without their interrupts, and enabling one that is up interrupts", "[rtc]")
{
    World world;
    world.pass(second);
    CHECK_FALSE(world.interrupts.level());
    world.put(B, 0x12);
    CHECK(world.interrupts.level());
    CHECK(world.get(C) == 0xD0); // periodic and update; the alarm registers say midnight, which was before
}

TEST_CASE("the update interrupt comes at each second", "[rtc]")
{
    World world;
    world.put(B, 0x12);
    world.pass(second - 1);
    CHECK(world.rises() == 0);
    world.pass(1);
    CHECK(world.rises() == 1);
    CHECK(world.get(C) & 0x10);
    world.pass(second);
    CHECK(world.rises() == 2);
}

TEST_CASE("the alarm matches the time, with wildcards", "[rtc]")
{
    World world;
    world.put(5, 0x01);
    world.put(3, 0x30);
    world.put(1, 0x05);
    world.put(B, 0x22);
    world.pass(5404 * second);
    CHECK(world.rises() == 0);
    world.pass(second);
    CHECK(world.rises() == 1);
    CHECK((world.get(C) & 0xA0) == 0xA0);
    world.pass(86'399 * second);
    CHECK(world.rises() == 1);
    world.pass(second);
    CHECK(world.rises() == 2);
    world.get(C);

    world.put(5, 0xFF);
    world.put(3, 0xC0);
    for (unsigned minute = 1; minute <= 61; ++minute) {
        world.pass(60 * second);
        CHECK(world.rises() == 2 + minute);
        world.get(C);
    }
    world.put(1, 0x77); // never matches
    world.pass(2 * 86'400 * second);
    CHECK(world.rises() == 63);
}

TEST_CASE("setting the time switches the update interrupt off", "[rtc]")
{
    World world;
    world.put(B, 0x92);
    CHECK(world.get(B) == 0x82);
}

TEST_CASE("the divider in reset stops periodic and update interrupts", "[rtc]")
{
    World world;
    world.put(B, 0x52);
    world.put(A, 0x76);
    world.pass(3 * second);
    CHECK(world.rises() == 0);
    world.put(A, 0x26);
    world.pass(second);
    CHECK(world.rises() == 1);
}

TEST_CASE("status C and D cannot be written, the rest is memory, the index keeps the NMI bit", "[rtc]")
{
    World world;
    world.put(C, 0xFF);
    world.put(D, 0x00);
    CHECK(world.get(C) == 0);
    CHECK(world.get(D) == 0x80);
    world.put(0x80 | 0x40, 0x5A);
    CHECK_FALSE(world.rtc.nmi_enabled());
    CHECK(world.get(0x40) == 0x5A);
    CHECK(world.rtc.nmi_enabled());
    CHECK(world.rtc.read(0, 0, 1) == 0xFF);
}

TEST_CASE("the firmware leaves the memory's size in the CMOS", "[rtc]")
{
    const auto word = [](World& world, uint32_t index) { return world.get(index) | world.get(index + 1) << 8; };
    World small(0, 8 * mib);
    small.rtc.write_firmware_bytes();
    CHECK(word(small, 0x15) == 640);
    CHECK(word(small, 0x17) == 7 * 1024);
    CHECK(word(small, 0x30) == 7 * 1024);
    CHECK(word(small, 0x34) == 0);

    World large(0, 3584 * mib);
    large.rtc.write_firmware_bytes();
    CHECK(word(large, 0x17) == 0xFFFF);
    CHECK(word(large, 0x34) == (3584 - 16) * 16);
    uint32_t sum = 0;
    for (uint32_t index = 0x10; index <= 0x2D; ++index)
        sum += large.get(index);
    CHECK((large.get(0x2E) << 8 | large.get(0x2F)) == sum);
}
