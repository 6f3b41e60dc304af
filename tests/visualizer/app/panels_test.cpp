#include "tests/catch.hpp"
#include "tests/support/command.hpp"
#include "tests/support/guests.hpp"
#include "tests/visualizer/app/app_driver.hpp"
#include "visualizer/panels/panels.hpp"

#include <algorithm>
#include <fmt/format.h>

using namespace ringside;
using namespace ringside::test;
using namespace ringside::visualizer;

namespace {

constexpr Modifiers shift { .shift = true };
constexpr Modifiers control { .control = true };

DriverOptions main_comparison()
{
    DriverOptions options;
    options.laboratory.guests = { "syscalls" };
    return options;
}

bool all_have_events(AppDriver& driver)
{
    return std::ranges::all_of(driver.application().laboratory().runs(),
        [](const auto& run) { return !run->playback().empty() && run->statistics().exit_count > 0; });
}

// A round may end between two frames: then the next one is paused.
bool paused(AppDriver& driver, Run& run)
{
    return driver.wait_until([&] {
        if (run.state() == Run::State::Running)
            run.pause();
        return run.state() == Run::State::Paused;
    });
}

Key digit(std::size_t index) { return key_of(static_cast<char>('0' + (index + 1) % 10)); }

}

TEST_CASE("the first screen shows something moving", "[visualizer]")
{
    AppDriver driver(main_comparison());
    auto moves = [&] {
        return std::ranges::any_of(driver.application().laboratory().runs(),
            [](const auto& run) { return run->playback().index() > 0; });
    };
    CHECK(driver.wait_until(moves));
    CHECK(driver.colors() > 100);
}

TEST_CASE("each panel shows a live run, and says the same as text", "[visualizer]")
{
    AppDriver driver(main_comparison());
    REQUIRE(driver.wait_until([&] { return all_have_events(driver); }));
    for (std::size_t i = 0; i < all_panels().size(); ++i) {
        const auto& panel = all_panels()[i];
        INFO(panel.name);
        driver.press(digit(i));
        driver.frames(panel.needs_snapshot ? 40 : 10);
        CHECK(driver.application().screen().panels == std::vector { i });
        CHECK(driver.colors() > 50);
        driver.keep_picture(fmt::format("visualizer-{}.png", panel.name));
        driver.press(key_of('C'), control);
        CHECK(driver.surface().clipboard().size() > 20);
    }
}

TEST_CASE("which ring the guest is in, and which really, can be read off the diagram's model", "[visualizer]")
{
    AppDriver driver(main_comparison());
    auto shows = [&](std::size_t index, unsigned believed, RealRing real) {
        auto& run = *driver.application().laboratory().runs()[index];
        return driver.wait_until([&] {
            run.playback().set_pace(RingPlayback::fastest);
            auto position = run.playback().position();
            return !run.playback().empty() && position.virtual_ring == believed && position.real_ring == real;
        });
    };
    CHECK(shows(0, 0, RealRing::Interpreted));
    CHECK(shows(1, 0, RealRing::Ring3)); // ring compression
    CHECK(shows(1, 3, RealRing::Ring3));
}

TEST_CASE("a VM is paused, goes on, is killed and begun anew by keys, and the other does not notice", "[visualizer]")
{
    DriverOptions options;
    options.laboratory.guests = { "ticks" };
    AppDriver driver(options);
    auto& runs = driver.application().laboratory().runs();
    auto& chosen = *runs[0];
    REQUIRE(driver.wait_until([&] { return chosen.state() == Run::State::Running; }));
    driver.press(Key::Space);
    REQUIRE(driver.wait_until([&] { return chosen.state() == Run::State::Paused; }));
    CHECK(runs[1]->state() != Run::State::Paused);
    driver.press(Key::Space);
    REQUIRE(driver.wait_until([&] { return chosen.state() == Run::State::Running; }));
    REQUIRE(paused(driver, chosen));
    driver.press(key_of('K'));
    REQUIRE(driver.wait_until([&] { return chosen.state() == Run::State::Ended; }));
    CHECK(chosen.failed());
    CHECK(chosen.status().find("died") != std::string::npos);
    auto before = runs[1]->rounds();
    CHECK(driver.wait_until([&] { return runs[1]->rounds() > before || runs[1]->state() == Run::State::Running; }));
    CHECK_FALSE(runs[1]->failed());
    driver.press(key_of('R'));
    CHECK(driver.wait_until([&] { return chosen.state() == Run::State::Running; }));
}

TEST_CASE("buttons do what the keys do", "[visualizer]")
{
    DriverOptions options;
    options.laboratory.guests = { "ticks" };
    AppDriver driver(options);
    auto& application = driver.application();
    driver.click("choose 1");
    CHECK(application.chosen() == 1);
    driver.click("run 0");
    CHECK(application.chosen() == 0);
    driver.click("tab exits");
    CHECK(application.screen().panels == std::vector<std::size_t> { 2 });
    driver.click("tab story", shift);
    CHECK(application.screen().panels == std::vector<std::size_t> { 2, 3 });
    driver.click("close exits");
    CHECK(application.screen().panels == std::vector<std::size_t> { 3 });
    driver.click("help");
    CHECK(application.screen().help);
    driver.keep_picture("visualizer-keys.png");
    driver.click("close help");
    CHECK_FALSE(application.screen().help);
    driver.click("theme");
    CHECK(application.theme().name() == ThemeName::Light);
    driver.click("larger");
    CHECK(application.settings().scale == 110);
    REQUIRE(driver.wait_until([&] { return application.chosen_run().state() == Run::State::Running; }));
    // Paused, so that its round cannot end before the click.
    REQUIRE(paused(driver, application.chosen_run()));
    driver.click("kill");
    CHECK(driver.wait_until([&] { return application.chosen_run().failed(); }));
    driver.click("restart");
    CHECK(driver.wait_until([&] { return application.chosen_run().state() == Run::State::Running; }));
}

TEST_CASE("the guest and the strategies are chosen while everything runs", "[visualizer]")
{
    AppDriver driver;
    auto& laboratory = driver.application().laboratory();
    driver.click("guest");
    driver.click("guest faults");
    CHECK(laboratory.guests() == std::vector<std::string> { "faults" });
    CHECK(driver.wait_until([&] { return all_have_events(driver); }));
    driver.press(Key::Escape);
    driver.click("strategies");
    driver.keep_picture("visualizer-strategies.png");
    driver.click("strategy rewriting");
    CHECK(laboratory.runs().size() == 3);
    CHECK(laboratory.uses("rewriting"));
}

TEST_CASE("a guest is put beside another one, which is not disturbed, and is taken away again", "[visualizer]")
{
    AppDriver driver;
    auto& laboratory = driver.application().laboratory();
    REQUIRE(driver.wait_until([&] { return all_have_events(driver); }));
    const auto* first = laboratory.runs()[0].get();
    driver.press(key_of('A'));
    REQUIRE(laboratory.guests().size() == 2);
    CHECK(laboratory.runs().size() == 4);
    CHECK(laboratory.runs()[0].get() == first);
    CHECK(driver.application().screen().message.empty());
    driver.press(key_of('A'));
    driver.press(key_of('A')); // the fourth guest would be too many VMs
    CHECK(laboratory.guests().size() == 3);
    CHECK(driver.application().screen().message.find("too many") != std::string::npos);
    driver.press(key_of('A'), shift);
    driver.press(key_of('A'), shift);
    driver.press(key_of('A'), shift);
    CHECK(laboratory.guests() == std::vector<std::string> { "hello" });
    CHECK(laboratory.runs()[0].get() == first);
    driver.click("guest");
    driver.click("guest faults", shift);
    CHECK(laboratory.guests() == std::vector<std::string> { "hello", "faults" });
}

TEST_CASE("a running guest changes its strategy", "[visualizer]")
{
    DriverOptions options;
    options.laboratory = { .guests = { "ticks" }, .strategies = { "emulation" } };
    AppDriver driver(options);
    auto& run = driver.application().chosen_run();
    REQUIRE(driver.wait_until([&] { return run.state() == Run::State::Running && run.statistics().exit_count > 0; }));
    driver.press(key_of('X'));
    CHECK(driver.wait_until([&] { return run.strategy() == "trap"; }));
}

TEST_CASE("slow motion is held, and goes event by event in both directions", "[visualizer]")
{
    AppDriver driver(main_comparison());
    REQUIRE(driver.wait_until([&] { return all_have_events(driver); }));
    auto& playback = driver.application().chosen_run().playback();
    driver.press(key_of('H'));
    REQUIRE(playback.held());
    auto index = playback.index();
    driver.frames(60);
    CHECK(playback.index() == index);
    driver.press(Key::Right);
    driver.press(Key::Right);
    CHECK(playback.index() == index + 2);
    driver.press(Key::Left);
    CHECK(playback.index() == index + 1);
    double pace = playback.pace();
    driver.press(key_of('F'));
    CHECK(playback.pace() < pace);
}

TEST_CASE("every theme at every size and scale shows something and survives", "[visualizer]")
{
    auto scale = GENERATE(50, 100, 400);
    auto size = GENERATE(Size { 200, 100 }, Size { 1280, 800 }, Size { 3840, 2160 });
    auto options = main_comparison();
    options.settings.settings.scale = scale;
    options.size = size;
    AppDriver driver(options);
    for (auto theme : { ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast }) {
        INFO(theme_word(theme) << ", " << scale << " percent, " << size.width << " pixels wide");
        CHECK(driver.application().theme().name() == theme);
        driver.press(Key::F1);
        driver.press(Key::F1);
        driver.frames(10);
        CHECK(driver.colors() > 10);
        driver.keep_picture(fmt::format("visualizer-{}-{}-{}.png", theme_word(theme), scale, size.width));
        driver.press(key_of('T'));
    }
}

TEST_CASE("a window that is resized while guests run goes on", "[visualizer]")
{
    AppDriver driver;
    for (auto size : { Size { 200, 100 }, Size { 3840, 2160 }, Size { 640, 480 }, Size { 1, 1 }, Size { 1280, 800 } }) {
        driver.surface().resize(size);
        driver.frames(3);
    }
    CHECK(driver.colors() > 50);
}

TEST_CASE("what is typed goes to the guest, and to nobody else", "[visualizer]")
{
    DriverOptions options;
    options.laboratory = { .guests = { "ticks" }, .strategies = { "emulation" } };
    AppDriver driver(options);
    driver.press(digit(4));
    driver.click("type to guest");
    REQUIRE(driver.application().typing_to_guest());
    driver.press(key_of('K'));
    driver.write("k");
    CHECK_FALSE(driver.application().chosen_run().failed());
    driver.press(Key::BracketRight, control);
    CHECK_FALSE(driver.application().typing_to_guest());
}

TEST_CASE("the tour is there at the first start, goes on, and stays away when told to", "[visualizer]")
{
    DriverOptions options;
    options.settings.settings.tour_done = false;
    AppDriver driver(options);
    REQUIRE(driver.application().screen().tour);
    driver.keep_picture("visualizer-tour.png");
    driver.click("next hint");
    CHECK(driver.application().screen().hint == 1);
    driver.click("end tour");
    CHECK_FALSE(driver.application().screen().tour);
    CHECK(driver.application().settings().tour_done);
}

TEST_CASE("what the guest's registers and code are is shown while it is paused", "[visualizer]")
{
    DriverOptions options;
    options.laboratory = { .guests = { "ticks" }, .strategies = { "trap" } };
    AppDriver driver(options);
    driver.press(digit(6));
    driver.press(digit(7), shift);
    auto& run = driver.application().chosen_run();
    REQUIRE(driver.wait_until([&] { return run.state() == Run::State::Running; }));
    driver.press(key_of('E'));
    REQUIRE(driver.wait_until([&] { return run.state() == Run::State::Paused && run.observed()->snapshot(); }));
    driver.press(key_of('C'), control);
    auto text = driver.surface().clipboard();
    CHECK(text.find("paused") != std::string::npos);
    CHECK(text.find("EAX") != std::string::npos);
    CHECK(text.find("CR3") != std::string::npos);
    auto events = run.events().size();
    driver.click("step exit");
    CHECK(driver.wait_until([&] { return run.state() == Run::State::Paused && run.events().size() > events; }));
}

TEST_CASE("a range that is selected in the timeline is what the exits are about, and a click goes to an event", "[visualizer]")
{
    DriverOptions options;
    options.laboratory = { .guests = { "ticks" }, .strategies = { "emulation" } };
    AppDriver driver(options);
    auto& run = driver.application().chosen_run();
    REQUIRE(driver.wait_until([&] { return run.events().size() > 40; }));
    REQUIRE(paused(driver, run));
    driver.press(digit(5));
    auto place = driver.application().place("lane 0");
    REQUIRE(place);
    float y = (place->least.y + place->most.y) / 2, width = place->most.x - place->least.x;
    driver.drag(place->least.x + width * 0.2f, y, place->least.x + width * 0.6f, y, shift);
    REQUIRE(run.selection());
    CHECK(run.selection()->begin < run.selection()->end);
    // Rings and story go to its first event.
    if (auto inside = run.events().ending_in(*run.selection()); inside.size() > 0) {
        CHECK(run.playback().held());
        CHECK(run.playback().event().time == run.events()[inside.begin].time);
    }
    driver.click("timeline unselect");
    CHECK_FALSE(run.selection());
    driver.click("timeline in");
    driver.keep_picture("visualizer-timeline-zoomed.png");
}

TEST_CASE("a loaded trace fills the same panels", "[visualizer]")
{
    Scratch scratch;
    auto path = scratch.path("hello.rst");
    REQUIRE(ringside::test::run_program({ "run", "hello", "--trace", path, "--quiet" }).status == 0);
    DriverOptions options;
    options.laboratory = { .trace_path = path };
    AppDriver driver(options);
    auto& run = driver.application().chosen_run();
    REQUIRE(driver.wait_until([&] { return run.events().size() > 100 && !run.playback().empty(); }));
    for (std::size_t i = 0; i < all_panels().size(); ++i) {
        INFO(all_panels()[i].name);
        driver.press(digit(i));
        CHECK(driver.colors() > 10);
    }
    CHECK(run.statistics().exit_count > 0);
    driver.press(key_of('R'));
    CHECK(driver.application().screen().message.find("trace file") != std::string::npos);
}

TEST_CASE("the console shows what the guest says on its serial port and what it draws on its screen", "[visualizer]")
{
    DriverOptions options;
    options.laboratory = { .guests = { ringside::test::guest("screen") }, .strategies = { "emulation" } };
    AppDriver driver(options);
    driver.click("tab console");
    REQUIRE(driver.wait_until([&] { return driver.application().place("vga screen").has_value(); }));
    REQUIRE(driver.wait_until([&] { return driver.application().chosen_run().console().find("drawn") != std::string::npos; }));
    driver.frames(3);
    driver.keep_picture("visualizer-console-screen.png");
    driver.press(key_of('C'), control);
    auto text = driver.surface().clipboard();
    CHECK(text.find("drawn") != std::string::npos);
    CHECK(text.find("the VGA's screen:\nRING\n") != std::string::npos);
    // Yellow on blue, as the guest has it.
    auto place = *driver.application().place("vga screen");
    auto image = driver.surface().read_pixels();
    std::size_t blue = 0;
    for (auto y = static_cast<std::size_t>(place.least.y); y < static_cast<std::size_t>(place.most.y); ++y) {
        for (auto x = static_cast<std::size_t>(place.least.x); x < static_cast<std::size_t>(place.most.x); ++x) {
            const auto* pixel = &image.pixels[(y * static_cast<std::size_t>(image.width) + x) * 3];
            blue += pixel[0] == 0 && pixel[1] == 0 && pixel[2] == 170;
        }
    }
    CHECK(blue > 100);
}
