// The guest's segments in the host's LDT, read back with LAR and LSL as the host CPU sees them.
#include "strategies/native/ldt.hpp"
#include "tests/unit/native/probing.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint64_t everything = uint64_t { 1 } << 32;
constexpr Segment flat_code { 0x08, 0xC09B, 0, 0xFFFFFFFF }, flat_data { 0x10, 0xC093, 0, 0xFFFFFFFF };

std::optional<uint32_t> host_limit(uint16_t selector)
{
    uint32_t limit = 0;
    bool valid = false;
    __asm__("lsl %2, %0\n\tsetz %1" : "=r"(limit), "=q"(valid) : "r"(uint32_t { selector }) : "cc");
    return valid ? std::optional { limit } : std::nullopt;
}

uint32_t host_rights(uint16_t selector)
{
    uint32_t rights = 0;
    __asm__("lar %1, %0" : "=r"(rights) : "r"(uint32_t { selector }) : "cc");
    return rights;
}

constexpr uint32_t code_bit = 1 << 11, big_bit = 1 << 22;

}

TEST_CASE("A segment gets a slot in which the host CPU finds its type and limit", "[native]")
{
    if (!native_available())
        return;
    Ldt ldt;
    uint16_t code = ldt.selector_for(flat_code, everything), data = ldt.selector_for(flat_data, everything);
    CHECK((code & 7) == 7);
    CHECK(host_limit(code) == 0xFFFFFFFF);
    CHECK(host_limit(data) == 0xFFFFFFFF);
    CHECK((host_rights(code) & code_bit) != 0);
    CHECK((host_rights(data) & code_bit) == 0);
    CHECK((host_rights(code) & big_bit) != 0);

    SECTION("the same segment has the same slot")
    {
        CHECK(ldt.selector_for(flat_code, everything) == code);
    }
    SECTION("small limits count bytes, large ones pages")
    {
        CHECK(host_limit(ldt.selector_for({ 0x18, 0x4093, 0x1000, 0x12345 }, everything)) == 0x12345);
        CHECK(host_limit(ldt.selector_for({ 0x18, 0xC093, 0x1000, 0x12345FFF }, everything)) == 0x12345FFF);
    }
    SECTION("a table that another strategy has written to means again what it meant")
    {
        Ldt other;
        other.selector_for({ 0x18, 0x4093, 0x1000, 0x12345 }, everything);
        CHECK(host_limit(code) == 0x12345);
        ldt.restore();
        CHECK(host_limit(code) == 0xFFFFFFFF);
        CHECK(host_limit(data) == 0xFFFFFFFF);
        CHECK(ldt.guest_segment(data) == flat_data);
        CHECK(ldt.selector_for(flat_code, everything) == code);
    }
    SECTION("what the guest loaded is known from the slot")
    {
        CHECK(ldt.guest_segment(data) == flat_data);
        CHECK_FALSE(ldt.guest_segment(0x2B));
        CHECK_FALSE(ldt.guest_segment(0xFFFF));
    }
}

TEST_CASE("Segments for ring 3 end at the boundary", "[native]")
{
    if (!native_available())
        return;
    Ldt ldt;
    constexpr uint64_t boundary = 0xC0000000;
    CHECK(host_limit(ldt.selector_for(flat_data, boundary)) == 0xBFFFFFFF);
    CHECK(host_limit(ldt.selector_for({ 0x18, 0xC093, 0x80000000, 0xFFFFFFFF }, boundary)) == 0x3FFFFFFF);
    CHECK(host_limit(ldt.selector_for({ 0x18, 0x4093, 0x1000, 0xFFF }, boundary)) == 0xFFF);
    CHECK(host_limit(ldt.selector_for({ 0x18, 0xC093, 0x123, 0xFFFFFFFF }, boundary)) == 0xBFFFEFFF);
    CHECK(ldt.selector_for({ 0x18, 0xC093, 0xC0000000, 0xFFFFFFFF }, boundary) == 0);
    CHECK(ldt.selector_for({ 0x18, 0xC097, 0, 0x1000 }, boundary) == 0); // expand-down: open to the top
}

TEST_CASE("Nothing can be reached through a null or an absent segment", "[native]")
{
    if (!native_available())
        return;
    Ldt ldt;
    CHECK(ldt.selector_for({}, everything) == 0);
    CHECK(ldt.selector_for({ 0x10, 0xC013, 0, 0xFFFFFFFF }, everything) == 0);
}

TEST_CASE("More segments than slots: the oldest go, and the generation says so", "[native]")
{
    if (!native_available())
        return;
    Ldt ldt;
    uint16_t first = ldt.selector_for({ 0x18, 0x4093, 0, 1 }, everything);
    uint32_t generation = ldt.generation();
    for (uint32_t limit = 2; limit < 80; ++limit)
        CHECK(host_limit(ldt.selector_for({ 0x18, 0x4093, 0, limit }, everything)) == limit);
    CHECK(ldt.generation() != generation);
    CHECK(ldt.guest_segment(first)->limit != 1);
}
