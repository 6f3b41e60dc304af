// What goes wrong: nothing is lost but what cannot be shown, and the window says so.
#include "tests/catch.hpp"
#include "tests/support/command.hpp"
#include "tests/visualizer/app/app_driver.hpp"
#include "visualizer/panels/panels.hpp"

#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

using namespace ringside;
using namespace ringside::test;
using namespace ringside::visualizer;

namespace {

std::string recorded(const Scratch& scratch)
{
    auto path = scratch.path("hello.rst");
    REQUIRE(ringside::test::run_program({ "run", "hello", "--trace", path, "--quiet" }).status == 0);
    return path;
}

DriverOptions showing(const std::string& trace)
{
    DriverOptions options;
    options.laboratory = { .trace_path = trace };
    return options;
}

uint64_t events_of(const std::string& trace)
{
    AppDriver driver(showing(trace));
    auto& run = driver.application().chosen_run();
    REQUIRE(driver.wait_until([&] { return !run.observed()->loading(); }));
    return run.events().size();
}

void look_at_everything(AppDriver& driver)
{
    for (std::size_t i = 0; i < all_panels().size(); ++i) {
        INFO(all_panels()[i].name);
        driver.click(fmt::format("tab {}", all_panels()[i].name));
        CHECK(driver.colors() > 10);
    }
}

}

TEST_CASE("of a trace that is cut off everything up to the cut is shown, and the window says what is missing", "[visualizer][damage]")
{
    Scratch scratch;
    auto path = recorded(scratch);
    auto whole = events_of(path);
    auto size = std::filesystem::file_size(path);
    std::filesystem::resize_file(path, size * 2 / 3);
    AppDriver driver(showing(path));
    auto& run = driver.application().chosen_run();
    REQUIRE(driver.wait_until([&] { return !run.observed()->loading(); }));
    CHECK(run.failed());
    CHECK(run.events().size() <= whole);
    INFO(run.status());
    CHECK(run.status().find("lost") != std::string::npos);
    look_at_everything(driver);
}

TEST_CASE("a trace with a damaged byte is shown as far as it is whole", "[visualizer][damage]")
{
    Scratch scratch;
    auto path = recorded(scratch);
    auto size = std::filesystem::file_size(path);
    for (auto place : { size / 4, size / 2, size - 10 }) {
        auto damaged = scratch.path("damaged.rst");
        std::filesystem::copy_file(path, damaged, std::filesystem::copy_options::overwrite_existing);
        std::fstream file(damaged, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(place));
        for (int i = 0; i < 8; ++i)
            file.put('\xA5');
        file.close();
        AppDriver driver(showing(damaged));
        auto& run = driver.application().chosen_run();
        REQUIRE(driver.wait_until([&] { return !run.observed()->loading(); }));
        INFO(run.status());
        CHECK(run.failed());
        CHECK(run.status().size() > 10);
        look_at_everything(driver);
    }
}

TEST_CASE("a file that is no trace is refused with a reason", "[visualizer][damage]")
{
    Scratch scratch;
    auto path = scratch.path("no.rst");
    std::ofstream(path) << "this is no trace";
    auto laboratory = Laboratory::open({ .trace_path = path });
    REQUIRE_FALSE(laboratory);
    CHECK(laboratory.error().code == ExitCode::BadImage);
    CHECK_FALSE(laboratory.error().message.empty());
    CHECK_FALSE(Laboratory::open({ .trace_path = scratch.path("absent.rst") }));
}

TEST_CASE("a worker that dies by a signal is told of, what was seen of it stays, and the others go on", "[visualizer][damage]")
{
    DriverOptions options;
    options.laboratory.guests = { "ticks" };
    AppDriver driver(options);
    const auto& runs = driver.application().laboratory().runs();
    auto& victim = *runs[0];
    REQUIRE(driver.wait_until([&] { return victim.state() == Run::State::Running && victim.events().size() > 20; }));
    REQUIRE(driver.wait_until([&] { // paused, so that its round does not end before
        if (victim.state() == Run::State::Running)
            victim.pause();
        return victim.state() == Run::State::Paused;
    }));
    auto console = victim.console();
    auto events = victim.events().size();
    kill(victim.observed()->worker(), SIGSEGV);
    REQUIRE(driver.wait_until([&] { return victim.state() == Run::State::Ended; }));
    INFO(victim.status());
    CHECK(victim.failed());
    CHECK(victim.status().find("died") != std::string::npos);
    CHECK(victim.console().starts_with(console));
    CHECK(victim.events().size() >= events);
    auto rounds = runs[1]->rounds();
    CHECK(driver.wait_until([&] { return runs[1]->rounds() > rounds; }));
    CHECK_FALSE(runs[1]->failed());
    look_at_everything(driver);
    driver.keep_picture("visualizer-dead-worker.png");
}
