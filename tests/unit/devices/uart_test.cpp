#include "core/devices/uart.hpp"

#include "tests/catch.hpp"
#include "tests/unit/devices/fake_world.hpp"

#include <string>

using namespace ringside;
using namespace ringside::test;

namespace {

enum : uint32_t { RBR = 0, THR = 0, IER = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7 };
constexpr uint32_t no_interrupt = 0x01;

struct World : FakeWorld {
    std::string output;
    Uart uart { line(), clock, timers, [this](std::string_view text) { output += text; } };

    uint32_t get(uint32_t offset) { return uart.read(0, offset, 1); }
    void put(uint32_t offset, uint32_t value) { uart.write(0, offset, 1, value); }
    std::size_t send(std::string_view text) { return uart.receive({ text.data(), text.size() }); }
    void enable_fifos(uint32_t trigger)
    {
        put(FCR, trigger << 6 | 1);
        pass(Uart::settling_time);
    }
    std::string drain()
    {
        std::string text;
        while (get(LSR) & 1)
            text += static_cast<char>(get(RBR));
        return text;
    }
};

}

TEST_CASE("a byte written is output at once, and the transmitter is empty again", "[uart]")
{
    World world;
    for (const char c : std::string("Hi\n"))
        world.put(THR, static_cast<uint8_t>(c));
    CHECK(world.output == "Hi\n");
    CHECK(world.get(LSR) == 0x60);
    CHECK_FALSE(world.interrupts.level());
}

TEST_CASE("with DLAB set, offsets 0 and 1 are the divisor", "[uart]")
{
    World world;
    world.put(IER, 0x05);
    world.put(LCR, 0x83);
    world.put(0, 0x34);
    world.put(1, 0x12);
    CHECK((world.get(0) == 0x34 && world.get(1) == 0x12));
    world.put(LCR, 0x03);
    CHECK(world.get(IER) == 0x05);
    CHECK(world.uart.state().divisor == 0x1234);
    CHECK(world.output.empty());
}

TEST_CASE("the scratch register keeps a byte and reserved bits read as zero", "[uart]")
{
    World world;
    world.put(SCR, 0xA5);
    world.put(IER, 0xFF);
    world.put(MCR, 0xEF);
    CHECK(world.get(SCR) == 0xA5);
    CHECK(world.get(IER) == 0x0F);
    CHECK(world.get(MCR) == 0x0F);
}

TEST_CASE("without FIFOs one byte is received at a time, each with an edge of its own", "[uart]")
{
    World world;
    world.put(IER, 0x01);
    world.pass(Uart::settling_time);
    CHECK(world.send("ab") == 2);
    CHECK(world.get(IIR) == 0x04);
    CHECK(world.interrupts.rising_edges() == 1);
    CHECK(world.get(RBR) == 'a');
    CHECK(world.interrupts.rising_edges() == 2);
    CHECK(world.get(RBR) == 'b');
    CHECK_FALSE(world.interrupts.level());
    CHECK(world.get(IIR) == no_interrupt);
    CHECK(world.get(LSR) == 0x60);
}

TEST_CASE("the receiver interrupts as trigger or as time-out, depending on the FIFO's level", "[uart]")
{
    const auto [setting, level] = GENERATE(table<uint32_t, std::size_t>({ { 0, 1 }, { 1, 4 }, { 2, 8 }, { 3, 14 } }));
    World world;
    world.put(IER, 0x01);
    world.enable_fifos(setting);
    world.send(std::string(level, 'x'));
    CHECK(world.get(IIR) == 0xC4);
    world.get(RBR);
    CHECK(world.get(IIR) == (level == 1 ? 0xC1 : 0xCC));
}

TEST_CASE("input beyond the FIFO waits and arrives in order without an overrun", "[uart]")
{
    World world;
    world.enable_fifos(0);
    std::string text;
    for (int i = 0; i < 100; ++i)
        text += static_cast<char>('!' + i % 90);
    CHECK(world.send(text) == 100);
    CHECK(world.uart.state().fifo_count == 16);
    CHECK(world.drain() == text);
}

TEST_CASE("the input queue is bounded and says how much it took", "[uart]")
{
    World world;
    const std::string flood(Uart::input_capacity + 1000, 'f');
    const auto taken = world.send(flood);
    CHECK(taken == Uart::input_capacity);
    // One byte went into the receiver.
    CHECK(world.uart.input_space() == 1);
    world.enable_fifos(0);
    CHECK(world.uart.input_space() == 16);
    CHECK(world.send(flood) == 16);
    world.put(FCR, 0x03); // gives 16 bytes back to a full queue
    CHECK(world.uart.input_space() == 0);
    CHECK(world.send("x") == 0);
}

TEST_CASE("input that is there before the kernel sets the port up survives the set-up", "[uart]")
{
    World world;
    world.send("hello");
    world.put(IER, 0x00);
    world.put(LCR, 0x80);
    world.put(0, 3);
    world.put(1, 0);
    world.put(LCR, 0x03);
    world.put(FCR, 0xC7);
    world.put(MCR, 0x0B);
    world.put(IER, 0x01);
    // Drivers read these once to clear what is pending.
    world.get(LSR);
    world.get(RBR);
    CHECK_FALSE(world.interrupts.level());
    world.pass(Uart::settling_time);
    CHECK(world.interrupts.level());
    CHECK(world.drain() == "hello");
}

TEST_CASE("input that is there before a kernel without FIFOs drains the receiver arrives whole", "[uart]")
{
    World world;
    world.send("hello");
    world.put(FCR, 0);
    world.put(LCR, 0x03);
    world.put(MCR, 0);
    world.put(IER, 0x01);
    world.get(IIR);
    CHECK(world.get(RBR) == 0);
    CHECK_FALSE(world.interrupts.level());
    world.pass(Uart::settling_time);
    CHECK(world.interrupts.level());
    CHECK(world.drain() == "hello");
}

TEST_CASE("loopback receives what it transmits, and nothing reaches or comes from the host", "[uart]")
{
    World world;
    world.send("z");
    world.put(MCR, 0x1E);
    world.put(THR, 0xAE);
    CHECK(world.get(RBR) == 0xAE);
    CHECK(world.output.empty());
    world.pass(2 * Uart::settling_time);
    CHECK_FALSE(world.get(LSR) & 1);
    world.put(MCR, 0x0F);
    world.pass(Uart::settling_time);
    CHECK(world.drain() == "z");
}

TEST_CASE(
    "an overrun in loopback sets its bit, interrupts first of all, and is cleared by reading the line status", "[uart]")
{
    World world;
    world.put(MCR, 0x10);
    world.put(IER, 0x0F);
    world.put(THR, 'a');
    world.put(THR, 'b');
    CHECK(world.get(IIR) == 0x06);
    CHECK(world.get(LSR) == 0x63);
    CHECK(world.get(LSR) == 0x61);
    CHECK(world.get(IIR) == 0x04);
    CHECK(world.get(RBR) == 'a');
    CHECK(world.get(IIR) == 0x02);
    CHECK(world.get(MCR) == 0x10);
}

TEST_CASE("in loopback the modem outputs come back as inputs and their changes interrupt", "[uart]")
{
    World world;
    CHECK(world.get(MSR) == 0xB0);
    world.put(MCR, 0x10);
    world.get(MSR);
    world.put(IER, 0x08);
    CHECK_FALSE(world.interrupts.level());
    world.put(MCR, 0x1F);
    CHECK(world.get(IIR) == 0x00);
    CHECK(world.get(MSR) == 0xFB); // rising RI is no change of interest
    CHECK_FALSE(world.interrupts.level());
    world.put(MCR, 0x1B);
    CHECK(world.get(MSR) == 0xB4); // falling RI is
}

TEST_CASE("enabling the transmitter interrupt raises it; identifying it clears it; writing raises a new edge", "[uart]")
{
    World world;
    world.put(IER, 0x02);
    CHECK(world.interrupts.rising_edges() == 1);
    CHECK(world.get(IIR) == 0x02);
    CHECK_FALSE(world.interrupts.level());
    CHECK(world.get(IIR) == no_interrupt);
    world.put(THR, 'x');
    CHECK(world.interrupts.rising_edges() == 2);
    world.put(THR, 'y');
    CHECK(world.interrupts.rising_edges() == 3);
    world.put(IER, 0x00);
    CHECK_FALSE(world.interrupts.level());
    world.put(IER, 0x02);
    CHECK(world.interrupts.rising_edges() == 4);
}

TEST_CASE("identification reports the higher source and keeps the lower for later", "[uart]")
{
    World world;
    world.put(IER, 0x03);
    world.pass(Uart::settling_time);
    world.send("q");
    CHECK(world.get(IIR) == 0x04);
    CHECK(world.get(RBR) == 'q');
    CHECK(world.get(IIR) == 0x02);
    CHECK(world.get(IIR) == no_interrupt);
}

TEST_CASE("FIFO control shows in the identification and falls to zero with the enable bit", "[uart]")
{
    World world;
    world.put(FCR, 0xC1);
    CHECK(world.get(IIR) == 0xC1);
    world.put(FCR, 0xC0);
    CHECK(world.get(IIR) == no_interrupt);
    CHECK(world.uart.state().fifo_control == 0);
}
