// Guests begin again by themselves; what people do in between, and what stays on the screen.
#include "tests/catch.hpp"
#include "tests/visualizer/app/app_driver.hpp"

using namespace ringside;
using namespace ringside::test;
using namespace ringside::visualizer;

namespace {

DriverOptions guest_under(const std::string& guest, std::vector<std::string> strategies)
{
    DriverOptions options;
    options.laboratory = { .guests = { guest }, .strategies = std::move(strategies) };
    return options;
}

// Right after a round, so that the next one has not begun.
bool between_rounds(AppDriver& driver, Run& run)
{
    auto rounds = run.rounds();
    return driver.wait_until([&] { return run.rounds() > rounds; });
}

}

TEST_CASE("killing a VM between two rounds says that there is nothing to kill, and no round follows", "[visualizer]")
{
    AppDriver driver(guest_under("hello", { "emulation" }));
    auto& run = driver.application().chosen_run();
    REQUIRE(between_rounds(driver, run));
    driver.press(key_of('K'));
    CHECK(driver.application().screen().message.find("R begins one") != std::string::npos);
    auto rounds = run.rounds();
    driver.frames(60);
    CHECK(run.rounds() == rounds);
    CHECK(run.state() == Run::State::Ended);
    CHECK_FALSE(run.failed());
    driver.press(key_of('K'));
    CHECK(driver.application().screen().message.find("ended already") != std::string::npos);
    driver.press(key_of('R'));
    CHECK(driver.wait_until([&] { return run.rounds() > rounds; }));
}

TEST_CASE("a pause between two rounds begins the next one paused, and steps go on from its beginning", "[visualizer]")
{
    AppDriver driver(guest_under("hello", { "emulation" }));
    auto& run = driver.application().chosen_run();
    REQUIRE(between_rounds(driver, run));
    driver.press(Key::Space);
    REQUIRE(driver.wait_until([&] { return run.state() == Run::State::Paused; }));
    CHECK(driver.wait_until([&] { return run.observed()->snapshot().has_value(); }));
    auto events = run.events().size();
    driver.press(key_of('E'));
    CHECK(driver.wait_until([&] { return run.state() == Run::State::Paused && run.events().size() > events; }));
    auto rounds = run.rounds();
    driver.press(Key::Space);
    CHECK(driver.wait_until([&] { return run.rounds() > rounds; }));
    driver.press(key_of('E')); // between two rounds again
    CHECK(driver.wait_until([&] { return run.state() == Run::State::Paused; }));
}

TEST_CASE("the console holds what the guest has said in this round", "[visualizer]")
{
    AppDriver driver(guest_under("hello", { "emulation" }));
    auto& run = driver.application().chosen_run();
    REQUIRE(between_rounds(driver, run));
    auto said = run.console();
    CHECK(said.find("hello") != std::string::npos);
    REQUIRE(between_rounds(driver, run));
    CHECK(run.console() == said);
}

TEST_CASE("a strategy that is added or taken away leaves the other runs as they are", "[visualizer]")
{
    AppDriver driver(guest_under("ticks", { "emulation", "trap" }));
    auto& application = driver.application();
    auto& laboratory = application.laboratory();
    driver.click("choose 1");
    const auto* trap = &application.chosen_run();
    REQUIRE(driver.wait_until([&] { return trap->rounds() > 0; }));
    driver.click("strategies");
    driver.click("strategy rewriting");
    REQUIRE(laboratory.runs().size() == 3);
    CHECK(&application.chosen_run() == trap);
    driver.click("strategy emulation");
    REQUIRE(laboratory.runs().size() == 2);
    CHECK(laboratory.runs()[0].get() == trap);
    CHECK(&application.chosen_run() == trap);
    CHECK(trap->rounds() > 0);
    driver.click("strategy trap");
    REQUIRE(laboratory.runs().size() == 1);
    CHECK(application.chosen_run().strategy() == "rewriting");
    driver.click("strategy rewriting");
    CHECK(laboratory.runs().size() == 1);
    CHECK(application.screen().message.find("has to stay") != std::string::npos);
}

TEST_CASE("an event that is held is shown to its end", "[visualizer]")
{
    AppDriver driver(guest_under("hello", { "emulation" }));
    auto& playback = driver.application().chosen_run().playback();
    REQUIRE(driver.wait_until([&] { return !playback.empty(); }));
    driver.press(Key::Right);
    REQUIRE(playback.held());
    auto index = playback.index();
    CHECK(driver.wait_until([&] { return playback.progress() == 1; }));
    driver.frames(5);
    CHECK(playback.index() == index);
}

TEST_CASE("code stays on the screen while the next round begins", "[visualizer]")
{
    AppDriver driver(guest_under("ticks", { "emulation" }));
    driver.press(key_of('7'));
    auto& run = driver.application().chosen_run();
    auto has_code = [&] { return run.inspected() && run.inspected()->snapshot().has_value(); };
    REQUIRE(driver.wait_until(has_code));
    for (auto rounds = run.rounds(); run.rounds() < rounds + 2;) {
        driver.frames(1);
        REQUIRE(has_code());
        REQUIRE(run.inspected()->memory() != nullptr);
    }
}

TEST_CASE("most of the window is panels, however small it is and however large the letters", "[visualizer]")
{
    auto [size, scale] = GENERATE(std::pair { Size { 1280, 800 }, 50 }, std::pair { Size { 1280, 800 }, 100 },
        std::pair { Size { 1280, 800 }, 150 }, std::pair { Size { 1280, 800 }, 200 }, std::pair { Size { 1280, 800 }, 400 },
        std::pair { Size { 640, 400 }, 100 }, std::pair { Size { 640, 480 }, 100 }, std::pair { Size { 200, 100 }, 100 },
        std::pair { Size { 3840, 2160 }, 400 });
    auto options = guest_under("hello", { "emulation", "trap" });
    options.size = size;
    options.settings.settings.scale = scale;
    AppDriver driver(options);
    driver.frames(4);
    auto panels = driver.application().place("panels");
    REQUIRE(panels);
    INFO(size.width << "x" << size.height << " at " << scale << " percent");
    auto height = static_cast<float>(size.height);
    CHECK((panels->most.y - panels->least.y) / height >= 0.6f);
    CHECK(panels->most.y <= height);
}

TEST_CASE("where there is no room for buttons, menus do what they do", "[visualizer]")
{
    auto options = guest_under("ticks", { "emulation", "trap" });
    options.settings.settings.scale = 400;
    AppDriver driver(options);
    auto& application = driver.application();
    driver.click("menu panels");
    driver.keep_picture("visualizer-menu-400.png");
    driver.click("tab rings");
    CHECK(application.screen().panels == std::vector<std::size_t> { 1 });
    driver.click("menu vm");
    driver.click("choose 1");
    CHECK(application.chosen() == 1);
    driver.click("menu view");
    driver.click("theme");
    CHECK(application.theme().name() == ThemeName::Light);
    driver.click("smaller");
    CHECK(application.settings().scale < 400);
}
