#include "core/machine/clock.hpp"
#include "tests/catch.hpp"

#include <chrono>
#include <thread>

using namespace ringside;

namespace {

constexpr Nanoseconds millisecond = 1'000'000;

void sleep_milliseconds(unsigned milliseconds)
{
    std::this_thread::sleep_for(std::chrono::milliseconds { milliseconds });
}

} // namespace

TEST_CASE("the host clock begins near zero and follows real time")
{
    const HostClock clock;
    CHECK(clock.kind() == ClockKind::Host);
    const auto begin = clock.now();
    CHECK(begin < 1000 * millisecond);
    sleep_milliseconds(20);
    CHECK(clock.now() - begin >= 20 * millisecond);
}

TEST_CASE("the host clock stands still while paused and goes on from there")
{
    HostClock clock;
    sleep_milliseconds(2);
    clock.pause();
    const auto paused = clock.now();
    CHECK(paused >= 2 * millisecond);
    sleep_milliseconds(300);
    CHECK(clock.now() == paused);
    clock.resume();
    const auto resumed = clock.now();
    CHECK(resumed >= paused);
    CHECK(resumed - paused < 250 * millisecond);
    sleep_milliseconds(5);
    CHECK(clock.now() - resumed >= 5 * millisecond);
}

TEST_CASE("pausing and resuming the host clock twice is as good as once")
{
    HostClock clock;
    clock.resume();
    clock.pause();
    const auto paused = clock.now();
    sleep_milliseconds(2);
    clock.pause();
    CHECK(clock.now() == paused);
    clock.resume();
    sleep_milliseconds(2);
    const auto running = clock.now();
    clock.resume();
    CHECK(clock.now() >= running);
    CHECK(running >= paused + 2 * millisecond);
}

TEST_CASE("the virtual clock moves only when it is told to, and never back")
{
    VirtualClock clock;
    CHECK(clock.kind() == ClockKind::Virtual);
    CHECK(clock.now() == 0);
    sleep_milliseconds(1);
    CHECK(clock.now() == 0);
    clock.advance_to(500);
    CHECK(clock.now() == 500);
    clock.advance_to(499);
    CHECK(clock.now() == 500);
}
