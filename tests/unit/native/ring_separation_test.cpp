// How ring 3 is kept out of the kernel is guessed from how long it stayed last time.
#include "strategies/native/ring_separation.hpp"
#include "tests/catch.hpp"

using namespace ringside;

namespace {

constexpr uint64_t ticks_per_second = 1'000'000'000; // ticks are nanoseconds
constexpr uint64_t microsecond = 1000;
using Method = RingSeparation::Method;

}

TEST_CASE("Short stays in ring 3 are separated by segments", "[native]")
{
    RingSeparation separation(ticks_per_second);
    uint64_t now = 1;
    for (int stay = 0; stay < 10; ++stay) {
        CHECK(separation.in_ring_3(now) == Method::Truncated);
        separation.in_ring_0(now += 20 * microsecond);
        now += 5 * microsecond;
    }
}

TEST_CASE("A stay that turns out long is separated by page rights from then on", "[native]")
{
    RingSeparation separation(ticks_per_second);
    CHECK(separation.in_ring_3(1) == Method::Truncated);
    CHECK(separation.in_ring_3(100 * microsecond) == Method::Truncated); // an exit that did not leave ring 3
    CHECK(separation.in_ring_3(300 * microsecond) == Method::Concealed);
    separation.in_ring_0(400 * microsecond);
    SECTION("and so is the next, from its beginning")
    {
        CHECK(separation.in_ring_3(410 * microsecond) == Method::Concealed);
    }
    SECTION("until one is short again")
    {
        CHECK(separation.in_ring_3(410 * microsecond) == Method::Concealed);
        separation.in_ring_0(420 * microsecond);
        CHECK(separation.in_ring_3(430 * microsecond) == Method::Truncated);
    }
}

TEST_CASE("Exits within ring 0 change nothing", "[native]")
{
    RingSeparation separation(ticks_per_second);
    separation.in_ring_0(1000 * microsecond);
    separation.in_ring_0(2000 * microsecond);
    CHECK(separation.in_ring_3(3000 * microsecond) == Method::Truncated);
}
