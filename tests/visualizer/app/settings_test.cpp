#include "tests/catch.hpp"
#include "tests/support/command.hpp"
#include "visualizer/app/palette.hpp"
#include "visualizer/app/ring_playback.hpp"
#include "visualizer/app/settings.hpp"
#include "visualizer/app/shortcuts.hpp"

#include <filesystem>
#include <fstream>
#include <set>

using namespace ringside;
using namespace ringside::test;
using namespace ringside::visualizer;

TEST_CASE("settings come back as they were written", "[visualizer]")
{
    Scratch scratch;
    std::filesystem::path path = scratch.path("config/ringside/visualizer.toml");
    Settings settings { 175, ThemeName::HighContrast, 900, 700, true, { "rings", "exits" } };
    CHECK(save_settings(path, settings).empty());
    auto loaded = load_settings(path);
    CHECK(loaded.settings == settings);
    CHECK(loaded.message.empty());
}

TEST_CASE("a broken settings file is set aside, and a message says so", "[visualizer]")
{
    Scratch scratch;
    std::filesystem::path path = scratch.path("visualizer.toml");
    for (const char* text : { "scale = = 1", "scale = \"large\"", "theme = 7", "\xFF\xFE" }) {
        std::ofstream(path) << text;
        auto loaded = load_settings(path);
        CHECK(loaded.settings == Settings {});
        CHECK(loaded.message.find(".broken") != std::string::npos);
        CHECK_FALSE(std::filesystem::exists(path));
        CHECK(std::filesystem::exists(path.string() + ".broken"));
    }
}

TEST_CASE("impossible settings are brought into their range", "[visualizer]")
{
    std::string problem;
    auto settings = parse_settings("scale = 100000\nwidth = -5\npanels = [\"rings\"]", problem);
    CHECK(problem.empty());
    CHECK(settings.scale == largest_scale);
    CHECK(settings.width == 200);
}

TEST_CASE("scales go from 50 to 400 percent and back", "[visualizer]")
{
    int scale = 100, steps = 0;
    while (next_scale(scale, 1) != scale && ++steps < 100)
        scale = next_scale(scale, 1);
    CHECK(scale == largest_scale);
    while (next_scale(scale, -1) != scale && ++steps < 100)
        scale = next_scale(scale, -1);
    CHECK(scale == smallest_scale);
}

TEST_CASE("no two shortcuts have the same key", "[visualizer]")
{
    for (const auto& shortcut : shortcuts())
        CHECK(shortcut_for(shortcut.key, shortcut.modifiers) == &shortcut);
}

TEST_CASE("no two groups of exits have the same shape, and every exit has a group", "[visualizer]")
{
    std::set<Shape> shapes;
    for (int group = 0; group < static_cast<int>(ExitGroup::Count_); ++group)
        CHECK(shapes.insert(look_of(static_cast<ExitGroup>(group)).shape).second);
    for (const auto& description : event_descriptions()) {
        INFO(description.name);
        CHECK((description.category == EventCategory::Exit) == (group_of(description.kind) != ExitGroup::Other));
    }
}

TEST_CASE("slow motion shows an exit before what the monitor did during it", "[visualizer]")
{
    EventRecord change { .time = 20, .kind = EventKind::RingChange, .virtual_ring = 0, .real_ring = RealRing::Ring3 };
    EventRecord exit { .time = 10, .duration = 15, .kind = EventKind::SoftwareInterrupt, .virtual_ring = 3, .real_ring = RealRing::Ring3 };
    std::array recorded { change, exit };
    RingPlayback playback;
    playback.advance(0, recorded);
    REQUIRE_FALSE(playback.empty());
    CHECK(playback.position() == RingPosition { 3, RealRing::Ring3, true });
    playback.advance(10, recorded);
    CHECK(playback.position() == RingPosition { 0, RealRing::Ring3, false });
    CHECK(playback.before() == RingPosition { 3, RealRing::Ring3, true });
}
