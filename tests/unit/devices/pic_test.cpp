#include "core/devices/pic.hpp"

#include "tests/catch.hpp"
#include "tests/unit/devices/fake_world.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

enum : unsigned { Master = 0, Slave = 1, Elcr = 2 };

struct World {
    RecordedInput cpu;
    Pic pic { InterruptLine { cpu, 0 } };

    explicit World(uint8_t word_4 = 0x01)
    {
        initialize(Master, 0x20, 0x04, word_4);
        initialize(Slave, 0x28, 0x02, word_4);
    }
    void initialize(unsigned chip, uint32_t base, uint32_t cascade, uint32_t word_4)
    {
        command(chip, 0x11);
        data(chip, base);
        data(chip, cascade);
        data(chip, word_4);
    }
    void command(unsigned chip, uint32_t value) { pic.write(chip, 0, 1, value); }
    void data(unsigned chip, uint32_t value) { pic.write(chip, 1, 1, value); }
    uint32_t request(unsigned chip)
    {
        command(chip, 0x0A);
        return pic.read(chip, 0, 1);
    }
    uint32_t in_service(unsigned chip)
    {
        command(chip, 0x0B);
        return pic.read(chip, 0, 1);
    }
    void raise(unsigned irq) { pic.set_line(irq, true); }
    void lower(unsigned irq) { pic.set_line(irq, false); }
    void pulse(unsigned irq)
    {
        lower(irq);
        raise(irq);
    }
    bool intr() { return cpu.level(); }
};

}

TEST_CASE("a rising edge requests, the acknowledge gives the vector and puts it in service", "[pic]")
{
    World world;
    CHECK_FALSE(world.intr());
    world.raise(5);
    CHECK(world.intr());
    CHECK(world.request(Master) == 0x20);
    CHECK(world.pic.acknowledge() == 0x25);
    CHECK_FALSE(world.intr());
    CHECK(world.request(Master) == 0);
    CHECK(world.in_service(Master) == 0x20);
    world.command(Master, 0x20);
    CHECK(world.in_service(Master) == 0);
    CHECK_FALSE(world.intr()); // the line is still up, but an edge counts once
    world.pulse(5);
    CHECK(world.intr());
}

TEST_CASE("a line that falls before the acknowledge leaves a spurious interrupt 7 that is not in service", "[pic]")
{
    World world;
    world.raise(5);
    world.lower(5);
    CHECK_FALSE(world.intr());
    CHECK(world.pic.acknowledge() == 0x27);
    CHECK(world.in_service(Master) == 0);
}

TEST_CASE("an edge on a masked line is kept until it is unmasked, if the line stays up", "[pic]")
{
    World world;
    world.data(Master, 0xFF);
    world.raise(3);
    CHECK_FALSE(world.intr());
    CHECK(world.request(Master) == 0x08);
    world.data(Master, 0x00);
    CHECK(world.intr());
    world.data(Master, 0x08);
    CHECK_FALSE(world.intr());
    world.lower(3);
    world.data(Master, 0x00);
    CHECK_FALSE(world.intr());
    CHECK(world.pic.read(Master, 1, 1) == 0x00);
}

TEST_CASE("a higher line interrupts the service of a lower one and not the other way round", "[pic]")
{
    World world;
    world.raise(4);
    CHECK(world.pic.acknowledge() == 0x24);
    world.raise(6);
    CHECK_FALSE(world.intr());
    world.raise(1);
    CHECK(world.intr());
    CHECK(world.pic.acknowledge() == 0x21);
    CHECK(world.in_service(Master) == 0x12);
    world.command(Master, 0x20);
    CHECK(world.in_service(Master) == 0x10);
    CHECK_FALSE(world.intr());
    world.command(Master, 0x20);
    CHECK(world.pic.acknowledge() == 0x26);
}

TEST_CASE("a slave line arrives through the cascade and needs two ends of interrupt", "[pic]")
{
    World world;
    world.raise(12);
    CHECK(world.request(Master) == 0x04);
    CHECK(world.pic.acknowledge() == 0x2C);
    CHECK(world.in_service(Master) == 0x04);
    CHECK(world.in_service(Slave) == 0x10);
    world.raise(8);
    CHECK(world.request(Master) == 0x04);
    CHECK_FALSE(world.intr()); // line 2 is in service at the master
    world.command(Slave, 0x20);
    CHECK_FALSE(world.intr());
    world.command(Master, 0x20);
    CHECK(world.intr());
    CHECK(world.pic.acknowledge() == 0x28);
}

TEST_CASE("two slave lines at once are both delivered, one after the other", "[pic]")
{
    World world;
    world.raise(14);
    world.raise(9);
    CHECK(world.pic.acknowledge() == 0x29);
    world.command(Slave, 0x20);
    world.command(Master, 0x20);
    CHECK(world.pic.acknowledge() == 0x2E);
}

TEST_CASE("a slave that is polled empty between request and acknowledge takes the cascade's request with it", "[pic]")
{
    World world;
    world.raise(10);
    world.command(Slave, 0x0C);
    CHECK(world.pic.read(Slave, 0, 1) == 0x82);
    CHECK(world.in_service(Slave) == 0x04);
    CHECK_FALSE(world.intr());
    CHECK(world.pic.acknowledge() == 0x27);
}

TEST_CASE("special fully nested mode lets a higher slave line interrupt a lower one", "[pic]")
{
    World world;
    world.initialize(Master, 0x20, 0x04, 0x11);
    world.raise(12);
    world.pic.acknowledge();
    world.raise(14);
    CHECK_FALSE(world.intr());
    world.raise(8);
    CHECK(world.intr());
    CHECK(world.pic.acknowledge() == 0x28);
    CHECK(world.in_service(Slave) == 0x11);
}

TEST_CASE("with automatic EOI nothing stays in service, on either chip", "[pic]")
{
    World world(0x03);
    world.raise(9);
    world.raise(11);
    CHECK(world.pic.acknowledge() == 0x29);
    CHECK(world.in_service(Slave) == 0);
    CHECK(world.in_service(Master) == 0);
    CHECK(world.intr());
    CHECK(world.pic.acknowledge() == 0x2B);
    CHECK_FALSE(world.intr());
}

TEST_CASE("a level request lasts as long as the line and comes again after the EOI", "[pic]")
{
    World world;
    world.pic.write(Elcr, 1, 1, 0xFF);
    CHECK(world.pic.read(Elcr, 1, 1) == 0xDE);
    world.pic.write(Elcr, 0, 1, 0xFF);
    CHECK(world.pic.read(Elcr, 0, 1) == 0xF8);
    world.raise(5);
    CHECK(world.pic.acknowledge() == 0x25);
    CHECK(world.request(Master) == 0x20);
    CHECK_FALSE(world.intr());
    world.command(Master, 0x65);
    CHECK(world.intr());
    CHECK(world.pic.acknowledge() == 0x25);
    world.lower(5);
    world.command(Master, 0x65);
    CHECK_FALSE(world.intr());
    world.raise(10);
    CHECK(world.pic.acknowledge() == 0x2A);
    world.command(Slave, 0x20);
    world.command(Master, 0x20);
    CHECK(world.pic.acknowledge() == 0x2A);
}

TEST_CASE("a specific EOI ends the named line, whatever its priority", "[pic]")
{
    World world;
    world.raise(6);
    world.pic.acknowledge();
    world.raise(1);
    world.pic.acknowledge();
    world.command(Master, 0x66);
    CHECK(world.in_service(Master) == 0x02);
}

TEST_CASE("rotation makes the line that was served the lowest", "[pic]")
{
    World world;
    world.raise(3);
    world.pic.acknowledge();
    world.command(Master, 0xA0); // rotate on non-specific EOI
    world.pulse(3);
    world.raise(6);
    CHECK(world.pic.acknowledge() == 0x26);
    world.command(Master, 0x20);
    CHECK(world.pic.acknowledge() == 0x23);
    world.command(Master, 0x20);

    world.command(Master, 0xC0); // set priority: 0 is the lowest, 1 the highest
    world.pulse(0);
    world.pulse(7);
    world.pulse(1);
    CHECK(world.pic.acknowledge() == 0x21);
    world.command(Master, 0xE1); // rotate on specific EOI of 1
    CHECK(world.pic.state().chips[0].lowest_priority == 1);
    CHECK(world.pic.acknowledge() == 0x27);
    world.command(Master, 0x20);
    CHECK(world.pic.acknowledge() == 0x20);
}

TEST_CASE("rotation on automatic EOI is switched on and off by its own commands", "[pic]")
{
    World world(0x03);
    world.command(Master, 0x80);
    world.raise(2 + 1);
    world.pic.acknowledge();
    CHECK(world.pic.state().chips[0].lowest_priority == 3);
    world.command(Master, 0x00);
    world.raise(5);
    world.pic.acknowledge();
    CHECK(world.pic.state().chips[0].lowest_priority == 3);
}

TEST_CASE("in special mask mode a masked line in service does not hold up lower ones", "[pic]")
{
    World world;
    world.raise(2 + 1);
    world.pic.acknowledge();
    world.raise(6);
    CHECK_FALSE(world.intr());
    world.data(Master, 0x08);
    CHECK_FALSE(world.intr());
    world.command(Master, 0x68);
    CHECK(world.intr());
    CHECK(world.pic.acknowledge() == 0x26);
    world.command(Master, 0x20); // ends 6; 3 is masked
    CHECK(world.in_service(Master) == 0x08);
    world.command(Master, 0x48);
    world.pulse(6);
    CHECK_FALSE(world.intr());
}

TEST_CASE("a poll acknowledges: the line with bit 7, or zero", "[pic]")
{
    World world;
    world.command(Master, 0x0C);
    CHECK(world.pic.read(Master, 0, 1) == 0);
    world.raise(4);
    world.command(Master, 0x0C);
    CHECK(world.pic.read(Master, 0, 1) == 0x84);
    CHECK(world.in_service(Master) == 0x10);
    CHECK_FALSE(world.intr());
}

TEST_CASE("initialization forgets requests, service and mask, and wants a new edge", "[pic]")
{
    World world;
    world.raise(3);
    world.raise(1);
    world.pic.acknowledge();
    world.data(Master, 0x40);
    world.command(Master, 0x11);
    CHECK_FALSE(world.intr());
    world.data(Master, 0x70);
    world.data(Master, 0x04);
    world.pulse(4);
    CHECK_FALSE(world.intr()); // not before the last word
    world.data(Master, 0x01);
    CHECK(world.intr());
    CHECK(world.request(Master) == 0x10);
    CHECK(world.in_service(Master) == 0);
    CHECK(world.pic.read(Master, 1, 1) == 0);
    CHECK(world.pic.acknowledge() == 0x74);
}

TEST_CASE("a single chip takes no third word, and the fourth only if announced", "[pic]")
{
    World world;
    world.command(Master, 0x13);
    world.data(Master, 0x40);
    world.data(Master, 0x03);
    world.data(Master, 0x55);
    CHECK(world.pic.read(Master, 1, 1) == 0x55);
    CHECK(world.pic.state().chips[0].auto_eoi);
    world.command(Master, 0x12);
    world.data(Master, 0x48);
    world.data(Master, 0x66);
    CHECK(world.pic.read(Master, 1, 1) == 0x66);
    CHECK_FALSE(world.pic.state().chips[0].auto_eoi);
}

TEST_CASE("everything is masked before the guest sets up the controllers", "[pic]")
{
    RecordedInput cpu;
    Pic pic(InterruptLine { cpu, 0 });
    for (unsigned irq = 0; irq < 16; ++irq)
        pic.set_line(irq, true);
    CHECK_FALSE(cpu.level());
}
