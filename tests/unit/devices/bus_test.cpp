#include "core/devices/bus.hpp"

#include "core/devices/unclaimed.hpp"
#include "tests/catch.hpp"

#include <optional>
#include <vector>

using namespace ringside;

namespace {

struct Access {
    unsigned region;
    uint32_t offset;
    unsigned size;
    std::optional<uint32_t> written;
    bool operator==(const Access&) const = default;
};

// Records accesses; a read gives a byte pattern that tells the offset.
class Recorder final : public Device {
public:
    explicit Recorder(std::string_view name)
        : m_name(name)
    {
    }
    std::string_view name() const override { return m_name; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override
    {
        accesses.push_back({ region, offset, size, std::nullopt });
        return 0xA3A2A1A0 + 0x01010101 * 16 * offset;
    }
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override
    {
        accesses.push_back({ region, offset, size, value });
    }
    std::vector<RegisterView> registers() const override { return {}; }

    std::vector<Access> accesses;

private:
    std::string_view m_name;
};

struct World {
    std::vector<UnclaimedAccess> reports;
    Unclaimed unclaimed { [this](const UnclaimedAccess& access) { reports.push_back(access); } };
    Bus bus { unclaimed };
    Recorder first { "first" };
    Recorder second { "second" };
};

}

TEST_CASE("an access reaches the device that claimed the port, as an offset into its region", "[bus]")
{
    World world;
    REQUIRE(world.bus.claim_ports(world.first, 7, 0x3F8, 8, 4));
    world.bus.write_port(0x3FA, 1, 0x1234);
    CHECK(world.first.accesses == std::vector<Access> { { 7, 2, 1, 0x34 } });
    CHECK(world.bus.read_port(0x3F8, 2) == 0xA1A0);
    CHECK(&world.bus.device_at_port(0x3FF) == &world.first);
    CHECK(&world.bus.device_at_port(0x400) == &world.unclaimed);
    CHECK(world.reports.empty());
}

TEST_CASE("overlapping claims are refused with both names and change nothing", "[bus]")
{
    World world;
    REQUIRE(world.bus.claim_ports(world.first, 0, 0x60, 2));
    const auto ports = world.bus.claim_ports(world.second, 0, 0x5F, 2);
    REQUIRE_FALSE(ports);
    CHECK(ports.error().message.find("first") != std::string::npos);
    CHECK(ports.error().message.find("second") != std::string::npos);
    CHECK(&world.bus.device_at_port(0x5F) == &world.unclaimed);
    CHECK(world.bus.claim_ports(world.second, 0, 0x62, 1));

    REQUIRE(world.bus.claim_memory(world.first, 0, Gpa { 0xFEC00000 }, 0x1000));
    CHECK_FALSE(world.bus.claim_memory(world.second, 0, Gpa { 0xFEC00FFF }, 1));
    CHECK_FALSE(world.bus.claim_memory(world.second, 0, Gpa { 0xFEBFF000 }, 0x1001));
    CHECK(world.bus.claim_memory(world.second, 0, Gpa { 0xFEC01000 }, 1));
}

TEST_CASE("an access wider than the device takes comes as bytes, lowest first", "[bus]")
{
    World world;
    REQUIRE(world.bus.claim_ports(world.first, 0, 0x20, 4, 1));
    world.bus.write_port(0x20, 4, 0x44332211);
    CHECK(world.first.accesses
        == std::vector<Access> { { 0, 0, 1, 0x11 }, { 0, 1, 1, 0x22 }, { 0, 2, 1, 0x33 }, { 0, 3, 1, 0x44 } });
    CHECK(world.bus.read_port(0x20, 2) == 0xB0A0);
}

TEST_CASE("an access across two claims is split between them", "[bus]")
{
    World world;
    REQUIRE(world.bus.claim_ports(world.first, 0, 0x100, 4, 4));
    REQUIRE(world.bus.claim_ports(world.second, 0, 0x104, 4, 4));
    world.bus.write_port(0x102, 4, 0x44332211);
    CHECK(world.first.accesses == std::vector<Access> { { 0, 2, 1, 0x11 }, { 0, 3, 1, 0x22 } });
    CHECK(world.second.accesses == std::vector<Access> { { 0, 0, 1, 0x33 }, { 0, 1, 1, 0x44 } });

    REQUIRE(world.bus.claim_memory(world.first, 1, Gpa { 0xE0000000 }, 0x1000));
    CHECK(world.bus.read_memory(Gpa { 0xE0000FFE }, 4) >> 16 == 0xFFFF);
    CHECK(world.reports.size() == 2);
}

TEST_CASE("a wide register at a single port takes wide accesses whole, over its neighbor's port", "[bus]")
{
    World world;
    REQUIRE(world.bus.claim_ports(world.first, 0, 0xE8, 1, 4));
    REQUIRE(world.bus.claim_ports(world.second, 0, 0xE9, 1, 1));
    world.bus.write_port(0xE8, 4, 0xCAFEF00D);
    CHECK(world.first.accesses == std::vector<Access> { { 0, 0, 4, 0xCAFEF00D } });
    CHECK(world.second.accesses.empty());
    world.bus.write_port(0xE9, 1, 0x41);
    CHECK(world.second.accesses.size() == 1);
}

TEST_CASE("what nobody claims reads as ones and is reported with its absolute address", "[bus]")
{
    World world;
    CHECK(world.bus.read_port(0xCFC, 4) == 0xFFFFFFFF);
    CHECK(world.bus.read_port(0x300, 1) == 0xFF);
    world.bus.write_memory(Gpa { 0xD0000002 }, 2, 0x11234);
    REQUIRE(world.reports.size() == 3);
    CHECK((world.reports[0].address == 0xCFC && world.reports[0].size == 4 && !world.reports[0].is_memory));
    CHECK(world.reports[1].value == 0xFF);
    const auto& write = world.reports[2];
    CHECK(
        (write.is_memory && write.is_write && write.address == 0xD0000002 && write.size == 2 && write.value == 0x1234));
}

TEST_CASE("unclaimed memory above 4 GiB keeps its address", "[bus]")
{
    World world;
    CHECK(world.bus.read_memory(Gpa { 0x9'8765'4320 }, 4) == 0xFFFFFFFF);
    REQUIRE(world.reports.size() == 1);
    CHECK(world.reports[0].address == 0x9'8765'4320);
    CHECK(world.reports[0].is_memory);
}

TEST_CASE("accesses at the very end wrap around and end", "[bus]")
{
    World world;
    REQUIRE(world.bus.claim_ports(world.first, 0, 0, 1));
    world.bus.write_port(0xFFFF, 2, 0xBBAA);
    CHECK(world.first.accesses == std::vector<Access> { { 0, 0, 1, 0xBB } });
    CHECK(world.bus.read_memory(Gpa { 0xF'FFFF'FFFE }, 4) == 0xFFFFFFFF);
    CHECK(world.bus.read_memory(Gpa { UINT64_MAX }, 4) == 0xFFFFFFFF);
    world.bus.write_memory(Gpa { 0x10'0000'0000 }, 4, 1);
    CHECK(world.reports.back().address == 0);
}
