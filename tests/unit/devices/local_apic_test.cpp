#include "core/devices/local_apic.hpp"

#include "tests/catch.hpp"
#include "tests/unit/devices/fake_world.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

enum : uint32_t {
    Id = 0x20,
    Version = 0x30,
    Tpr = 0x80,
    Ppr = 0xA0,
    Eoi = 0xB0,
    Ldr = 0xD0,
    Dfr = 0xE0,
    Svr = 0xF0,
    Isr = 0x100,
    Tmr = 0x180,
    Irr = 0x200,
    Esr = 0x280,
    IcrLow = 0x300,
    IcrHigh = 0x310,
    LvtTimer = 0x320,
    LvtLint0 = 0x350,
    LvtLint1 = 0x360,
    LvtError = 0x370,
    Initial = 0x380,
    Current = 0x390,
    Divide = 0x3E0,
};

struct World : FakeWorld {
    unsigned notices = 0;
    std::vector<uint8_t> ended;
    LocalApic apic { clock, timers, [this] { ++notices; } };

    explicit World(bool software_enabled = true)
    {
        apic.connect_eoi([this](uint8_t vector) { ended.push_back(vector); });
        if (software_enabled)
            put(Svr, 0x1FF);
    }
    uint32_t get(uint32_t offset) { return apic.read(0, offset, 4); }
    void put(uint32_t offset, uint32_t value) { apic.write(0, offset, 4, value); }
    bool send(uint8_t vector, TriggerMode trigger = TriggerMode::Edge)
    {
        return apic.deliver({ .vector = vector, .trigger = trigger });
    }
    bool bit(uint32_t base, unsigned vector) { return get(base + vector / 32 * 16) >> (vector % 32) & 1; }
};

}

TEST_CASE("after reset the PICs' wire passes through the software-disabled APIC", "[local-apic]")
{
    World world(false);
    CHECK(world.get(Svr) == 0xFF);
    CHECK(world.get(Version) == 0x00050014);
    CHECK_FALSE(world.apic.interrupt_pending());
    world.apic.set_line(0, true);
    CHECK(world.apic.interrupt_pending());
    CHECK(world.notices == 1);
    CHECK(world.apic.external_interrupt_passes());
    CHECK_FALSE(world.apic.acknowledge());
    world.apic.set_line(0, false);
    CHECK_FALSE(world.apic.interrupt_pending());
    CHECK_FALSE(world.send(0x40)); // of its own it takes nothing
}

TEST_CASE("LINT0 lets the PICs through only as ExtINT and unmasked", "[local-apic]")
{
    World world;
    world.apic.set_line(0, true);
    CHECK(world.apic.interrupt_pending());
    world.put(LvtLint0, 0x10700);
    CHECK_FALSE(world.apic.interrupt_pending());
    world.put(LvtLint0, 0x00700);
    CHECK(world.apic.interrupt_pending());
    CHECK(world.notices == 2);
    world.put(LvtLint0, 0x00045);
    CHECK_FALSE(world.apic.external_interrupt_passes());
}

TEST_CASE("the highest request is served first and holds up its class and those below", "[local-apic]")
{
    World world;
    CHECK(world.send(0x41));
    CHECK(world.send(0x61));
    CHECK(world.apic.acknowledge() == 0x61);
    CHECK((world.bit(Isr, 0x61) && world.bit(Irr, 0x41) && !world.bit(Irr, 0x61)));
    CHECK(world.get(Ppr) == 0x60);
    world.send(0x6F);
    CHECK_FALSE(world.apic.interrupt_pending());
    CHECK_FALSE(world.apic.acknowledge());
    world.send(0x70);
    CHECK(world.apic.acknowledge() == 0x70);
    world.put(Eoi, 0);
    CHECK_FALSE(world.apic.interrupt_pending());
    world.put(Eoi, 0);
    CHECK(world.apic.acknowledge() == 0x6F);
    world.put(Eoi, 0);
    CHECK(world.apic.acknowledge() == 0x41);
    world.put(Eoi, 0);
    world.put(Eoi, 0);
    CHECK(world.get(Ppr) == 0);
    CHECK(world.ended.empty()); // edges end silently
}

TEST_CASE("the task priority holds back its own class and the lower ones", "[local-apic]")
{
    World world;
    world.put(Tpr, 0x50);
    world.send(0x5F);
    CHECK_FALSE(world.apic.interrupt_pending());
    const auto before = world.notices;
    world.put(Tpr, 0x4F);
    CHECK(world.apic.interrupt_pending());
    CHECK(world.notices == before + 1);
    CHECK(world.get(Ppr) == 0x4F);
}

TEST_CASE("a level interrupt tells its end, an edge of the same vector does not", "[local-apic]")
{
    World world;
    world.send(0x50, TriggerMode::Level);
    CHECK(world.bit(Tmr, 0x50));
    world.apic.acknowledge();
    world.put(Eoi, 0);
    CHECK(world.ended == std::vector<uint8_t> { 0x50 });
    world.send(0x50);
    CHECK_FALSE(world.bit(Tmr, 0x50));
    world.apic.acknowledge();
    world.put(Eoi, 0);
    CHECK(world.ended.size() == 1);
}

TEST_CASE("messages are taken by physical and logical address", "[local-apic]")
{
    World world;
    const auto reaches = [&](DestinationMode mode, uint8_t destination) {
        return world.apic.deliver({ .vector = 0x40, .destination_mode = mode, .destination = destination });
    };
    CHECK(reaches(DestinationMode::Physical, 0));
    CHECK(reaches(DestinationMode::Physical, 0xFF));
    CHECK_FALSE(reaches(DestinationMode::Physical, 1));
    world.put(Ldr, 0x02FFFFFF);
    CHECK(world.get(Ldr) == 0x02000000);
    CHECK(reaches(DestinationMode::Logical, 0x03));
    CHECK_FALSE(reaches(DestinationMode::Logical, 0x01));
    world.put(Dfr, 0x00000000);
    world.put(Ldr, 0x12000000);
    CHECK(reaches(DestinationMode::Logical, 0x16));
    CHECK_FALSE(reaches(DestinationMode::Logical, 0x26));
    CHECK_FALSE(reaches(DestinationMode::Logical, 0x14));
    world.put(Id, 0x05000000);
    CHECK(reaches(DestinationMode::Physical, 5));
}

TEST_CASE("a self IPI arrives; INIT and STARTUP for others change nothing", "[local-apic]")
{
    World world;
    world.put(IcrLow, 0x00040000 | 0x45);
    CHECK(world.apic.acknowledge() == 0x45);
    world.put(Eoi, 0);
    world.put(IcrHigh, 0);
    world.put(IcrLow, 0x46); // by ID
    CHECK(world.apic.acknowledge() == 0x46);
    world.put(Eoi, 0);
    world.put(IcrHigh, 0x01000000);
    world.put(IcrLow, 0x4500);
    world.put(IcrLow, 0x4608);
    world.put(IcrLow, 0x47);
    world.put(IcrLow, 0x000C0048); // all but self
    CHECK_FALSE(world.apic.interrupt_pending());
    CHECK_FALSE(world.get(IcrLow) & 0x1000); // idle at once
    CHECK_FALSE(world.apic.nmi_pending());
    world.put(IcrHigh, 0);
    world.put(IcrLow, 0x400);
    CHECK(world.apic.nmi_pending());
    world.apic.take_nmi();
    CHECK_FALSE(world.apic.nmi_pending());
}

TEST_CASE("illegal vectors and registers set the error status and interrupt", "[local-apic]")
{
    World world;
    world.put(LvtError, 0xFE);
    world.put(IcrLow, 0x00040005);
    CHECK(world.get(Esr) == 0);
    world.put(Esr, 0);
    CHECK(world.get(Esr) == 0x20);
    CHECK(world.apic.acknowledge() == 0xFE);
    world.put(Eoi, 0);
    world.send(0x0F);
    world.get(0x3F0);
    world.put(Esr, 0);
    CHECK(world.get(Esr) == 0xC0);
    world.put(Esr, 0);
    CHECK(world.get(Esr) == 0);
    world.put(LvtError, 0x02); // an illegal vector for the error itself
    world.get(0x3F0);
    world.put(Esr, 0);
    CHECK(world.get(Esr) == 0xC0);
}

TEST_CASE("the one-shot timer counts down, interrupts once and stays at zero", "[local-apic]")
{
    World world;
    world.put(Divide, 0x3); // by 16
    world.put(LvtTimer, 0x40);
    world.put(Initial, 1000);
    CHECK(world.get(Current) == 1000);
    world.pass(160);
    CHECK(world.get(Current) == 990);
    world.pass(15'839);
    CHECK_FALSE(world.apic.interrupt_pending());
    CHECK(world.get(Current) == 1);
    world.pass(1);
    CHECK(world.get(Current) == 0);
    CHECK(world.apic.acknowledge() == 0x40);
    world.put(Eoi, 0);
    world.pass(second);
    CHECK_FALSE(world.apic.interrupt_pending());
}

TEST_CASE("every divisor divides as the manual's table says", "[local-apic]")
{
    const auto [code, divisor] = GENERATE(table<uint32_t, uint32_t>(
        { { 0x0, 2 }, { 0x1, 4 }, { 0x2, 8 }, { 0x3, 16 }, { 0x8, 32 }, { 0x9, 64 }, { 0xA, 128 }, { 0xB, 1 } }));
    World world;
    world.put(Divide, code);
    world.put(Initial, 1'000'000);
    world.pass(128'000);
    CHECK(world.get(Current) == 1'000'000 - 128'000 / divisor);
}

TEST_CASE("the periodic timer keeps its ideal schedule; a late host gives one interrupt", "[local-apic]")
{
    World world;
    world.put(Divide, 0xB);
    world.put(LvtTimer, 0x20040);
    world.put(Initial, 1'000'000);
    for (int i = 0; i < 1000; ++i) {
        world.pass(millisecond);
        REQUIRE(world.apic.acknowledge() == 0x40);
        world.put(Eoi, 0);
    }
    world.oversleep(10 * millisecond + millisecond / 2);
    CHECK(world.apic.acknowledge() == 0x40);
    world.put(Eoi, 0);
    CHECK_FALSE(world.apic.interrupt_pending());
    CHECK(world.get(Current) == 500'000);
    world.pass(millisecond / 2 - 1);
    CHECK_FALSE(world.apic.interrupt_pending());
    world.pass(1);
    CHECK(world.apic.interrupt_pending());
}

TEST_CASE("the timer runs masked without interrupting, and a count of zero stops it", "[local-apic]")
{
    World world;
    world.put(Divide, 0xB);
    world.put(Initial, 1'000'000);
    world.pass(millisecond / 2);
    CHECK(world.get(Current) == 500'000);
    world.put(LvtTimer, 0x40);
    world.pass(millisecond / 2);
    CHECK(world.apic.acknowledge() == 0x40);
    world.put(Eoi, 0);
    world.put(Initial, 1'000'000);
    world.put(Initial, 0);
    CHECK(world.get(Current) == 0);
    world.pass(second);
    CHECK_FALSE(world.apic.interrupt_pending());
}

TEST_CASE("an expiry that is due is not lost to reprogramming", "[local-apic]")
{
    World world;
    world.put(Divide, 0xB);
    world.put(LvtTimer, 0x40);
    world.put(Initial, 100'000);
    world.clock.advance_to(world.clock.now() + millisecond); // the timer has not run yet
    world.put(Initial, 100'000);
    CHECK(world.apic.acknowledge() == 0x40);
}

TEST_CASE("changing the divisor goes on from the same count; TSC deadline cannot be chosen", "[local-apic]")
{
    World world;
    world.put(Divide, 0xB);
    world.put(Initial, 1'000'000);
    world.pass(400'000);
    world.put(Divide, 0x0);
    CHECK(world.get(Current) == 600'000);
    world.pass(400'000);
    CHECK(world.get(Current) == 400'000);
    world.put(LvtTimer, 0x40040);
    CHECK(world.get(LvtTimer) == 0x40);
}

TEST_CASE("a hostile period costs the host no more than the shortest one", "[local-apic]")
{
    World world;
    world.put(Divide, 0xB);
    world.put(LvtTimer, 0x20040);
    world.put(Initial, 1);
    unsigned runs = 0;
    for (Nanoseconds end = world.clock.now() + millisecond; world.timers.next_deadline() <= end; ++runs) {
        world.clock.advance_to(world.timers.next_deadline());
        world.timers.run_due(world.clock.now());
    }
    CHECK(runs <= millisecond / shortest_rearm);
}

TEST_CASE("LINT pins deliver edges, levels until the EOI, and NMIs", "[local-apic]")
{
    World world;
    world.put(LvtLint0, 0x45);
    world.apic.set_line(0, true);
    CHECK(world.apic.acknowledge() == 0x45);
    world.put(Eoi, 0);
    CHECK_FALSE(world.apic.interrupt_pending());
    world.apic.set_line(0, false);

    world.put(LvtLint0, 0x8046);
    world.apic.set_line(0, true);
    CHECK(world.get(LvtLint0) == 0xC046);
    CHECK(world.apic.acknowledge() == 0x46);
    world.put(Eoi, 0);
    CHECK(world.apic.acknowledge() == 0x46); // the line is still up
    world.apic.set_line(0, false);
    world.put(Eoi, 0);
    CHECK_FALSE(world.apic.interrupt_pending());
    CHECK(world.get(LvtLint0) == 0x8046);

    world.apic.set_line(1, true);
    CHECK(world.apic.nmi_pending());
}

TEST_CASE("disabling by software masks the local vector table and keeps it masked", "[local-apic]")
{
    World world;
    world.put(LvtTimer, 0x40);
    world.put(Svr, 0x0FF);
    CHECK(world.get(LvtTimer) == 0x10040);
    world.put(LvtTimer, 0x41);
    CHECK(world.get(LvtTimer) == 0x10041);
    world.apic.set_line(0, true);
    CHECK_FALSE(world.apic.interrupt_pending());
    CHECK_FALSE(world.send(0x40));
}

TEST_CASE("disabled by its MSR the APIC is gone and the wire goes to the CPU", "[local-apic]")
{
    World world;
    world.send(0x40);
    world.put(LvtLint0, 0x10000);
    world.apic.write_base_msr(0xFEE00000);
    CHECK(world.apic.base_msr() == 0xFEE00100);
    CHECK(world.get(Version) == 0xFFFFFFFF);
    CHECK_FALSE(world.apic.interrupt_pending());
    CHECK_FALSE(world.send(0x40));
    world.apic.set_line(0, true);
    CHECK(world.apic.external_interrupt_passes());
    world.apic.write_base_msr(0xFEE00900);
    CHECK(world.get(Svr) == 0xFF);
    CHECK(world.get(LvtLint0) == 0x10000);
    CHECK_FALSE(world.apic.interrupt_pending());
}

TEST_CASE("accesses that are narrow or not aligned read what is there and write nothing", "[local-apic]")
{
    World world;
    CHECK((world.apic.read(0, Version, 1) & 0xFF) == 0x14);
    CHECK((world.apic.read(0, Version + 2, 2) & 0xFFFF) == 5);
    CHECK(world.apic.read(0, Version + 4, 4) == 0);
    CHECK(world.apic.read(0, 0xFFF, 1) == 0);
    world.apic.write(0, Tpr, 1, 0x50);
    world.apic.write(0, Tpr + 1, 4, 0x50);
    CHECK(world.get(Tpr) == 0);
}
