#include "core/devices/platform.hpp"

#include "tests/catch.hpp"
#include "tests/unit/devices/fake_world.hpp"

#include <set>

using namespace ringside;
using namespace ringside::test;

namespace {

struct World : FakeWorld {
    GuestMemory memory = std::move(*GuestMemory::create(8 * mebibyte));
    std::string console;
    std::string debug;
    unsigned notices = 0;
    unsigned resets = 0;
    std::vector<uint32_t> exits;
    std::vector<uint32_t> markers;
    std::vector<UnclaimedAccess> unclaimed;
    std::vector<std::pair<unsigned, bool>> lines;
    std::unique_ptr<Platform> platform;

    World()
    {
        auto created = Platform::create(memory, clock, timers,
            { .console_output = [this](std::string_view text) { console += text; },
                .debug_output = [this](char c) { debug += c; },
                .interrupt_pending = [this] { ++notices; },
                .debug_exit = [this](uint32_t value) { exits.push_back(value); },
                .marker = [this](uint32_t value) { markers.push_back(value); },
                .reset_requested = [this] { ++resets; },
                .unclaimed = [this](const UnclaimedAccess& access) { unclaimed.push_back(access); },
                .interrupt_line =
                    [this](unsigned irq, bool level) {
                        lines.push_back({ irq, level });
                    } });
        REQUIRE(created);
        platform = std::move(*created);
    }
    void out(uint16_t port, uint32_t value, unsigned size = 1) { platform->bus().write_port(port, size, value); }
    uint32_t in(uint16_t port, unsigned size = 1) { return platform->bus().read_port(port, size); }
    void store(uint64_t address, uint32_t value) { platform->bus().write_memory(Gpa { address }, 4, value); }
    uint32_t load(uint64_t address) { return platform->bus().read_memory(Gpa { address }, 4); }
    void set_up_pics()
    {
        for (const uint16_t port : { uint16_t { 0x20 }, uint16_t { 0xA0 } }) {
            const auto data = static_cast<uint16_t>(port + 1);
            out(port, 0x11);
            out(data, port == 0x20 ? 0x20 : 0x28);
            out(data, port == 0x20 ? 0x04 : 0x02);
            out(data, 0x01);
            out(data, 0xFF);
        }
    }
    void redirect(unsigned pin, uint32_t entry)
    {
        store(0xFEC00000, 0x10 + 2 * pin);
        store(0xFEC00010, entry);
    }
    void type(std::string_view text) { platform->console_input({ text.data(), text.size() }); }
};

}

TEST_CASE("a timer tick reaches the CPU through the PIC and LINT0", "[platform]")
{
    World world;
    world.set_up_pics();
    world.pass(second);
    CHECK_FALSE(world.platform->interrupt_pending());
    world.out(0x43, 0x34);
    world.out(0x40, 0x9C);
    world.out(0x40, 0x2E); // 100 Hz
    world.out(0x21, 0xFE);
    if (world.platform->interrupt_pending()) { // an edge that came while it was masked
        world.platform->acknowledge_interrupt();
        world.out(0x20, 0x20);
    }
    const auto notices = world.notices;
    unsigned ticks = 0;
    for (unsigned i = 0; i < 100; ++i) {
        world.pass(10 * millisecond + 1000);
        REQUIRE(world.platform->interrupt_pending());
        CHECK(world.platform->acknowledge_interrupt() == 0x20);
        CHECK_FALSE(world.platform->acknowledge_interrupt());
        world.out(0x20, 0x20);
        ++ticks;
    }
    CHECK(ticks == 100);
    CHECK(world.notices == notices + 100);
}

TEST_CASE("console input interrupts through the PIC, and is read and echoed", "[platform]")
{
    World world;
    world.set_up_pics();
    world.out(0x21, 0xEF);
    world.out(0x3F9, 0x01);
    world.pass(2 * millisecond);
    world.type("ab");
    REQUIRE(world.platform->interrupt_pending());
    CHECK(world.platform->acknowledge_interrupt() == 0x24);
    while (world.in(0x3FD) & 1)
        world.out(0x3F8, world.in(0x3F8));
    world.out(0x20, 0x20);
    CHECK(world.console == "ab");
    CHECK_FALSE(world.platform->interrupt_pending());
}

TEST_CASE("a request that goes away before the acknowledge is no interrupt any more", "[platform]")
{
    World world;
    world.set_up_pics();
    world.out(0x21, 0xEF);
    world.out(0x3F9, 0x01);
    world.pass(2 * millisecond);
    world.type("a");
    CHECK(world.platform->interrupt_pending());
    world.in(0x3F8);
    CHECK_FALSE(world.platform->interrupt_pending());
    CHECK_FALSE(world.platform->acknowledge_interrupt());
}

TEST_CASE("a guest with the I/O APIC gets the timer on pin 2 and the EOI goes round", "[platform]")
{
    World world;
    world.store(0xFEE000F0, 0x1FF);
    world.redirect(2, 0x30);
    world.out(0x43, 0x34);
    world.out(0x40, 0x9C);
    world.out(0x40, 0x2E);
    world.pass(11 * millisecond);
    CHECK(world.platform->acknowledge_interrupt() == 0x30);
    world.store(0xFEE000B0, 0);
    world.pass(10 * millisecond);
    CHECK(world.platform->acknowledge_interrupt() == 0x30);
    world.store(0xFEE000B0, 0);

    world.redirect(4, 0x8000 | 0x34);
    world.out(0x3F9, 0x01);
    world.pass(2 * millisecond);
    world.type("ab");
    CHECK(world.platform->acknowledge_interrupt() == 0x34);
    CHECK(world.in(0x3F8) == 'a');
    world.store(0xFEE000B0, 0);
    CHECK(world.platform->acknowledge_interrupt() == 0x34); // 'b' holds the level
    CHECK(world.in(0x3F8) == 'b');
    world.store(0xFEE000B0, 0);
    CHECK_FALSE(world.platform->acknowledge_interrupt());
}

TEST_CASE("the local APIC's own vector goes before the PICs'", "[platform]")
{
    World world;
    world.set_up_pics();
    world.out(0x21, 0xEF);
    world.store(0xFEE000F0, 0x1FF);
    world.platform->interrupt_input().set_line(4, true);
    world.store(0xFEE00300, 0x00040045); // self IPI
    CHECK(world.platform->acknowledge_interrupt() == 0x45);
    CHECK(world.platform->interrupt_pending()); // ExtINT does not care for priorities
    CHECK(world.platform->acknowledge_interrupt() == 0x24);
    CHECK_FALSE(world.platform->interrupt_pending());
}

TEST_CASE("an NMI by message is pending until taken", "[platform]")
{
    World world;
    world.store(0xFEE000F0, 0x1FF);
    world.store(0xFEE00310, 0);
    world.store(0xFEE00300, 0x400);
    CHECK(world.platform->nmi_pending());
    CHECK_FALSE(world.platform->interrupt_pending());
    CHECK(world.notices == 1);
    world.platform->take_nmi();
    CHECK_FALSE(world.platform->nmi_pending());
}

TEST_CASE("debug ports take each width whole", "[platform]")
{
    World world;
    world.out(0xE9, 'x');
    CHECK(world.debug == "x");
    CHECK(world.in(0xE9) == 0xE9);
    world.out(0xE8, 0x12345678, 4);
    world.out(0xE8, 0xBEEF, 2);
    world.out(0xE8, 0x7F);
    CHECK(world.markers == std::vector<uint32_t> { 0x12345678, 0xBEEF, 0x7F });
    CHECK(world.debug == "x");
    world.out(0xF4, 0xAABBCCDD, 4);
    world.out(0xF4, 0x10);
    world.out(0xF6, 0x1122, 2);
    CHECK(world.exits == std::vector<uint32_t> { 0xAABBCCDD, 0x10, 0x1122 });
    CHECK(world.unclaimed.empty());
}

TEST_CASE("a kernel asks the firmware configuration for the number of CPUs", "[platform]")
{
    World world;
    world.out(0x510, 0x0005, 2);
    CHECK(world.in(0x511) == 1);
    CHECK(world.in(0x511) == 0);
}

TEST_CASE("the test device raises an ISA line at the I/O APIC", "[platform]")
{
    World world;
    world.platform->local_apic().write(0, 0xF0, 4, 0x1FF);
    world.redirect(14, 0x77);
    world.out(0x200E, 1);
    CHECK(world.platform->acknowledge_interrupt() == 0x77);
    CHECK(world.lines.back() == std::pair { 14u, true });
}

TEST_CASE("the test device's ports read back in every width", "[platform]")
{
    World world;
    world.out(0xE0, 0x12345678, 4);
    CHECK(world.in(0xE0, 4) == 0x12345678);
    CHECK(world.in(0xE2, 2) == 0x1234);
    CHECK(world.in(0xE1) == 0x56);
}

TEST_CASE("all three ways to reset ask for it", "[platform]")
{
    World world;
    world.out(0x64, 0xFE);
    world.out(0x92, 0x01);
    world.out(0xCF9, 0x06);
    CHECK(world.resets == 3);
}

TEST_CASE("there is no PCI: its address port is unclaimed as a whole and its data are ones", "[platform]")
{
    World world;
    world.out(0xCF8, 0x80000600, 4);
    CHECK(world.in(0xCF8, 4) == 0xFFFFFFFF);
    CHECK(world.in(0xCFC, 4) == 0xFFFFFFFF);
    CHECK(world.resets == 0);
    REQUIRE(world.unclaimed.size() == 3);
    CHECK(world.unclaimed[0].value == 0x80000600);
    CHECK(world.load(0xFED00000) == 0xFFFFFFFF);
    CHECK(world.unclaimed[3].is_memory);
}

TEST_CASE("lines are reported for the trace", "[platform]")
{
    World world;
    world.lines.clear();
    world.platform->keyboard().press(0x1E);
    world.in(0x60);
    CHECK(world.lines == std::vector<std::pair<unsigned, bool>> { { 1, true }, { 1, false } });
}

TEST_CASE("every device has a name of its own and a register table with names", "[platform]")
{
    World world;
    std::set<std::string_view> names;
    for (const auto* device : world.platform->devices()) {
        CHECK(names.insert(device->name()).second);
        CHECK_FALSE(device->registers().empty());
        for (const auto& row : device->registers())
            CHECK_FALSE(row.name.empty());
    }
    CHECK(names.size() == 17);
}

TEST_CASE("the firmware tables are in memory and in the CMOS", "[platform]")
{
    World world;
    world.platform->write_firmware_tables();
    CHECK(*world.memory.read<uint32_t>(Gpa { 0xF0000 }) == 0x5F504D5F);
    CHECK(*world.memory.read<uint16_t>(Gpa { 0x463 }) == 0x3D4);
    world.out(0x70, 0x30);
    CHECK(world.in(0x71) == 0x00);
    world.out(0x70, 0x31);
    CHECK(world.in(0x71) == 0x1C); // 7 MiB in KiB
    CHECK(world.platform->vga().snapshot().at(0, 0).character == ' ');
}

TEST_CASE("hooks may be empty", "[platform]")
{
    FakeWorld world;
    auto memory = GuestMemory::create(minimum_memory);
    auto platform = Platform::create(*memory, world.clock, world.timers, {});
    REQUIRE(platform);
    auto& bus = (*platform)->bus();
    for (uint32_t port = 0; port < 0x10000; ++port) {
        for (const unsigned size : { 1u, 2u, 4u }) {
            bus.read_port(static_cast<uint16_t>(port), size);
            bus.write_port(static_cast<uint16_t>(port), size, 0xFFFFFFFF);
        }
    }
    CHECK((*platform)->unclaimed().state().port_reads > 60'000);
}

TEST_CASE("random accesses and passing time never break anything", "[platform]")
{
    World world;
    uint32_t seed = 12345;
    const auto random = [&] {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        return seed;
    };
    constexpr uint16_t ports[] = { 0x20, 0x40, 0x60, 0x70, 0xA0, 0x3C0, 0x3D4, 0x3F8, 0x4D0 };
    for (unsigned i = 0; i < 200'000; ++i) {
        const auto value = random();
        const unsigned size = 1u << random() % 3;
        const auto port = static_cast<uint16_t>(ports[random() % std::size(ports)] + random() % 16);
        const Gpa address { (random() & 1 ? 0xFEC00000 : 0xFEE00000) + random() % 0x1000 };
        switch (random() % 7) {
        case 0:
            world.out(port, value, size);
            break;
        case 1:
            world.in(port, size);
            break;
        case 2:
            world.platform->bus().write_memory(address, random() & 1 ? 4 : size, value);
            break;
        case 3:
            world.platform->bus().read_memory(address, size);
            break;
        case 4:
            world.platform->acknowledge_interrupt();
            break;
        case 5:
            world.platform->keyboard().press(static_cast<uint16_t>(value));
            world.type("input");
            break;
        default:
            world.oversleep(value % (value & 1 ? 1'000 : 100'000'000));
            break;
        }
        if (!world.platform->interrupt_pending())
            REQUIRE_FALSE(world.platform->acknowledge_interrupt());
    }
    world.platform->vga().snapshot();
    CHECK(world.clock.now() > second);
}
