#include "core/devices/io_apic.hpp"

#include "tests/catch.hpp"

#include <vector>

using namespace ringside;

namespace {

struct Recorder final : ApicReceiver {
    bool deliver(const ApicMessage& message) override
    {
        messages.push_back(message);
        return accepts;
    }
    std::vector<ApicMessage> messages;
    bool accepts = true;
};

constexpr uint32_t masked = 0x10000, level = 0x8000, remote_irr = 0x4000;

struct World {
    Recorder cpu;
    IoApic io { cpu };

    uint32_t get(uint32_t index)
    {
        io.write(0, 0, 4, index);
        return io.read(0, 0x10, 4);
    }
    void put(uint32_t index, uint32_t value)
    {
        io.write(0, 0, 4, index);
        io.write(0, 0x10, 4, value);
    }
    uint32_t entry(unsigned pin) { return get(0x10 + 2 * pin); }
    void entry(unsigned pin, uint32_t value) { put(0x10 + 2 * pin, value); }
    std::size_t sent() const { return cpu.messages.size(); }
};

}

TEST_CASE("the I/O APIC identifies itself, with 24 masked pins", "[io-apic]")
{
    World world;
    CHECK(world.get(1) == 0x00170020);
    CHECK(world.get(0) == uint32_t { IoApic::reset_id } << 24);
    world.put(0, 0x0F000000);
    CHECK(world.get(0) == 0x0F000000);
    for (unsigned pin = 0; pin < 24; ++pin)
        CHECK(world.entry(pin) == masked);
    CHECK(world.get(0x40) == 0);
    CHECK(world.get(0x05) == 0);
    world.put(0xFF, 0xFFFFFFFF);
    CHECK(world.get(0xFF) == 0);
    CHECK(world.io.read(0, 0, 4) == 0xFF);
}

TEST_CASE("an edge sends the entry's message once", "[io-apic]")
{
    World world;
    world.put(0x10 + 2 * 4 + 1, 0x03000000);
    world.entry(4, 0x0924); // logical, lowest priority
    world.io.set_line(4, true);
    world.io.set_line(4, true);
    REQUIRE(world.sent() == 1);
    const auto& message = world.cpu.messages[0];
    CHECK(message.vector == 0x24);
    CHECK(message.delivery == DeliveryMode::LowestPriority);
    CHECK(message.trigger == TriggerMode::Edge);
    CHECK(message.destination_mode == DestinationMode::Logical);
    CHECK(message.destination == 3);
    world.io.set_line(4, false);
    world.io.set_line(4, true);
    CHECK(world.sent() == 2);
}

TEST_CASE("an edge on a masked pin is lost", "[io-apic]")
{
    World world;
    world.entry(4, masked | 0x24);
    world.io.set_line(4, true);
    world.entry(4, 0x24);
    CHECK(world.sent() == 0);
}

TEST_CASE("a level waits for its EOI, and comes again while the line is up", "[io-apic]")
{
    World world;
    world.entry(10, level | 0x30);
    world.io.set_line(10, true);
    CHECK(world.sent() == 1);
    CHECK(world.entry(10) == (level | remote_irr | 0x30));
    world.io.set_line(10, false);
    world.io.set_line(10, true);
    CHECK(world.sent() == 1);
    world.io.end_of_interrupt(0x31);
    CHECK(world.sent() == 1);
    world.io.end_of_interrupt(0x30);
    CHECK(world.sent() == 2);
    world.io.set_line(10, false);
    world.io.write(0, 0x40, 4, 0x30); // the EOI register
    CHECK(world.sent() == 2);
    CHECK(world.entry(10) == (level | 0x30));
}

TEST_CASE("a level that was masked is sent when unmasked, if it is still there", "[io-apic]")
{
    World world;
    world.entry(10, level | masked | 0x30);
    world.io.set_line(10, true);
    CHECK(world.sent() == 0);
    world.entry(10, level | 0x30);
    CHECK(world.sent() == 1);
    world.io.set_line(10, false);
    world.entry(11, level | masked | 0x31);
    world.io.set_line(11, true);
    world.io.set_line(11, false);
    world.entry(11, level | 0x31);
    CHECK(world.sent() == 1);
}

TEST_CASE("a level that nobody takes does not wait for an EOI", "[io-apic]")
{
    World world;
    world.cpu.accepts = false;
    world.entry(10, level | 0x30);
    world.io.set_line(10, true);
    CHECK_FALSE(world.entry(10) & remote_irr);
}

TEST_CASE("status and remote IRR cannot be written; switching to edge clears the latter", "[io-apic]")
{
    World world;
    world.entry(3, masked | level | 0x5000 | 0x40);
    CHECK(world.entry(3) == (masked | level | 0x40));
    world.entry(3, level | 0x40);
    world.io.set_line(3, true);
    CHECK(world.entry(3) & remote_irr);
    world.entry(3, masked | 0x40);
    CHECK(world.entry(3) == (masked | 0x40));
    world.put(0x10 + 2 * 3 + 1, 0xFFFFFFFF);
    CHECK(world.get(0x10 + 2 * 3 + 1) == 0xFF000000);
}

TEST_CASE("the window takes 32-bit accesses only; reserved offsets are zero", "[io-apic]")
{
    World world;
    world.io.write(0, 0, 1, 0x18);
    world.io.write(0, 0x10, 1, 0x24);
    CHECK(world.entry(4) == masked);
    CHECK(world.io.read(0, 0x20, 4) == 0);
    CHECK(world.io.read(0, 0xFFC, 4) == 0);
}
