#include "core/machine/placement.hpp"
#include "tests/catch.hpp"

#include <random>
#include <vector>

using namespace ringside;

TEST_CASE("the lowest free pages are given out first")
{
    Placement placement;
    placement.reserve(0x1000, 0x1001); // two pages by their first byte and their last
    CHECK(placement.place(1, 0, 0x10000) == 0x0u);
    CHECK(placement.place(1, 0, 0x10000) == 0x3000u);
    CHECK(placement.place(0x1001, 0, 0x10000) == 0x4000u);
    CHECK(placement.place(0, 0, 0x10000) == 0x6000u);
}

TEST_CASE("a gap that is too small is passed over and stays free")
{
    Placement placement;
    placement.reserve(0x2000, 0x1000);
    CHECK(placement.place(0x3000, 0x1000, 0x10000) == 0x3000u);
    CHECK(placement.place(0x1000, 0x1000, 0x10000) == 0x1000u);
}

TEST_CASE("nothing is placed outside of what is allowed")
{
    Placement placement;
    CHECK_FALSE(placement.place(0x1001, 0x1000, 0x2000));
    CHECK_FALSE(placement.place(1, 0x1001, 0x2FFF));
    CHECK_FALSE(placement.place(1, 0x5000, 0x1000));
    CHECK_FALSE(placement.place(UINT64_MAX / 2, 0, 0x100000));
    CHECK(placement.place(0x1000, 0x1001, 0x3000) == 0x2000u);
    CHECK_FALSE(placement.place(0x1000, 0x1001, 0x3000));
}

TEST_CASE("reservations may touch and overlap in any order")
{
    Placement placement;
    placement.reserve(0x3000, 0x1000);
    placement.reserve(0x1000, 0x1000);
    placement.reserve(0x2800, 0x1000); // joins both
    placement.reserve(0x1000, 0x100);
    CHECK(placement.place(0x1000, 0x1000, 0x10000) == 0x4000u);
}

TEST_CASE("random placements never give a page out twice")
{
    std::mt19937 random { 7 };
    for (unsigned round = 0; round < 50; ++round) {
        Placement placement;
        std::vector<bool> taken(256);
        const auto take = [&](uint64_t begin, uint64_t end) {
            for (auto page = begin / 4096; page < (end + 4095) / 4096; ++page)
                taken[page] = true;
        };
        for (unsigned i = 0; i < 10; ++i) {
            const uint64_t base = random() % (200 * 4096);
            const uint64_t size = 1 + random() % 20'000;
            placement.reserve(base, size);
            take(base, base + size);
        }
        while (const auto address = placement.place(1 + random() % 10'000, random() % 100'000, 256 * 4096)) {
            REQUIRE_FALSE(taken[*address / 4096]);
            take(*address, *address + 1);
        }
    }
}
