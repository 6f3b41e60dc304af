#include "core/machine/alarm.hpp"
#include "tests/catch.hpp"

#include <atomic>
#include <chrono>
#include <thread>

using namespace ringside;

namespace {

constexpr Nanoseconds millisecond = 1'000'000;
constexpr Nanoseconds far = 3'600'000 * millisecond;

// Counts, and notes when it rang last.
struct Bell {
    HostClock clock;
    std::atomic<int> rings { 0 };
    std::atomic<Nanoseconds> at { 0 };
    Alarm alarm { clock, [this] {
                     at = clock.now();
                     ++rings;
                 } };

    void wait(unsigned milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds { milliseconds }); }
    void wait_for_rings(int count)
    {
        for (int i = 0; i < 10000 && rings < count; ++i)
            wait(1);
    }
};

}

TEST_CASE("an alarm rings once, at its moment")
{
    Bell bell;
    const auto moment = bell.clock.now() + 20 * millisecond;
    bell.alarm.set(moment);
    bell.wait_for_rings(1);
    CHECK(bell.at >= moment);
    bell.wait(30);
    CHECK(bell.rings == 1);
}

TEST_CASE("an alarm that is set to an earlier moment while it waits rings at that one")
{
    Bell bell;
    bell.alarm.set(bell.clock.now() + far);
    bell.wait(5);
    bell.alarm.set(bell.clock.now() + 5 * millisecond);
    bell.wait_for_rings(1);
    CHECK(bell.rings == 1);
}

TEST_CASE("an alarm that is set to a later moment, or to none, does not ring at the one before")
{
    Bell bell;
    const Nanoseconds instead = GENERATE(Nanoseconds { far }, never);
    bell.alarm.set(bell.clock.now() + 30 * millisecond);
    bell.wait(2);
    bell.alarm.set(instead == never ? never : bell.clock.now() + instead);
    bell.wait(60);
    CHECK(bell.rings == 0);
    bell.alarm.set(bell.clock.now() + millisecond);
    bell.wait_for_rings(1);
    CHECK(bell.rings == 1);
}

TEST_CASE("an alarm that its own ringing sets again rings again")
{
    HostClock clock;
    std::atomic<int> rings { 0 };
    Alarm* self = nullptr;
    Alarm alarm(clock, [&] {
        if (++rings < 3)
            self->set(clock.now() + millisecond);
    });
    self = &alarm;
    alarm.set(clock.now() + millisecond);
    for (int i = 0; i < 10000 && rings < 3; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds { 1 });
    CHECK(rings == 3);
}

TEST_CASE("an alarm that is set soon after it rang, from another thread, rings at the new moment")
{
    Bell bell;
    const Nanoseconds away = GENERATE(Nanoseconds { 50'000 }, Nanoseconds { 450'000 }, Nanoseconds { 5'000'000 });
    for (int i = 1; i <= 20; ++i) {
        const auto moment = bell.clock.now() + away;
        bell.alarm.set(moment);
        bell.wait_for_rings(i);
        REQUIRE(bell.rings == i);
        CHECK(bell.at >= moment);
    }
}
