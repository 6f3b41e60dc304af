#include "core/machine/timer_queue.hpp"
#include "tests/catch.hpp"

#include <string>
#include <vector>

using namespace ringside;

TEST_CASE("timers run earliest first, ties in the order of adding, none before its time")
{
    TimerQueue queue;
    std::string order;
    const auto a = queue.add([&] { order += 'a'; });
    const auto b = queue.add([&] { order += 'b'; });
    const auto c = queue.add([&] { order += 'c'; });
    const auto d = queue.add([&] { order += 'd'; });
    queue.arm(d, 20);
    queue.arm(c, 10);
    queue.arm(b, 20);
    queue.arm(a, 31);

    queue.run_due(9);
    CHECK(order.empty());
    queue.run_due(30);
    CHECK(order == "cbd");
    CHECK(queue.next_deadline() == 31);
    queue.run_due(31);
    CHECK(order == "cbda");
    CHECK(queue.next_deadline() == never);
}

TEST_CASE("a timer runs once for each arming, and arming anew replaces the deadline")
{
    TimerQueue queue;
    unsigned runs = 0;
    const auto timer = queue.add([&] { ++runs; });
    queue.arm(timer, 10);
    queue.arm(timer, 50);
    CHECK(queue.deadline(timer) == 50);
    queue.run_due(49);
    CHECK(runs == 0);
    queue.run_due(100);
    queue.run_due(200);
    CHECK(runs == 1);
    CHECK_FALSE(queue.is_armed(timer));
    CHECK(queue.deadline(timer) == never);
}

TEST_CASE("a cancelled timer does not run")
{
    TimerQueue queue;
    bool ran = false;
    const auto timer = queue.add([&] { ran = true; });
    queue.arm(timer, 5);
    CHECK(queue.is_armed(timer));
    queue.cancel(timer);
    CHECK_FALSE(queue.is_armed(timer));
    CHECK(queue.next_deadline() == never);
    queue.run_due(100);
    CHECK_FALSE(ran);
}

TEST_CASE("a periodic timer that is late catches up period by period")
{
    TimerQueue queue;
    std::vector<Nanoseconds> deadlines;
    Nanoseconds next = 10;
    TimerId timer = 0;
    timer = queue.add([&] {
        deadlines.push_back(next);
        next += 10;
        queue.arm(timer, next);
    });
    queue.arm(timer, next);
    queue.run_due(45);
    CHECK(deadlines == std::vector<Nanoseconds> { 10, 20, 30, 40 });
    CHECK(queue.next_deadline() == 50);
}

TEST_CASE("a callback may arm and cancel other timers, which takes effect in the same pass")
{
    TimerQueue queue;
    std::string order;
    TimerId second = 0, third = 0;
    const auto first = queue.add([&] {
        order += '1';
        queue.arm(second, 15);
        queue.cancel(third);
    });
    second = queue.add([&] { order += '2'; });
    third = queue.add([&] { order += '3'; });
    queue.arm(first, 10);
    queue.arm(third, 12);
    queue.run_due(20);
    CHECK(order == "12");
}

TEST_CASE("the owner hears of every move of the earliest deadline and of nothing else")
{
    std::vector<Nanoseconds> heard;
    TimerQueue queue { [&](Nanoseconds next) { heard.push_back(next); } };
    const auto a = queue.add([] {});
    const auto b = queue.add([] {});
    queue.arm(a, 100);
    queue.arm(b, 200);
    queue.arm(b, 50);
    queue.cancel(b);
    queue.arm(a, 100);
    queue.run_due(100);
    CHECK(heard == std::vector<Nanoseconds> { 100, 50, 100, never });
}
