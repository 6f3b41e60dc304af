// The questions of a student, answered by looking: each test drives the window as the student would, and reads the answer
// off the model that the panel shows, and off the panel's text.
#include "core/trace/story.hpp"
#include "tests/catch.hpp"
#include "tests/visualizer/app/app_driver.hpp"
#include "visualizer/model/guest_inspection.hpp"
#include "visualizer/model/ledger_difference.hpp"
#include "visualizer/panels/panels.hpp"

#include <algorithm>
#include <fmt/format.h>

using namespace ringside;
using namespace ringside::test;
using namespace ringside::visualizer;

namespace {

constexpr Modifiers control { .control = true };

DriverOptions looking_at(std::vector<std::string> guests, std::vector<std::string> strategies)
{
    DriverOptions options;
    options.laboratory.guests = std::move(guests);
    options.laboratory.strategies = std::move(strategies);
    return options;
}

void open_panel(AppDriver& driver, std::string_view name) { driver.click(fmt::format("tab {}", name)); }

std::string text_of_panel(AppDriver& driver)
{
    driver.press(key_of('C'), control);
    return driver.surface().clipboard();
}

bool mentions(const std::string& text, std::string_view words)
{
    INFO(text);
    INFO(words);
    CHECK(text.find(words) != std::string::npos);
    return text.find(words) != std::string::npos;
}

// From event to event with the key, until one is as wanted.
template<typename Condition>
bool go_through_events(AppDriver& driver, Condition condition)
{
    auto& playback = driver.application().chosen_run().playback();
    REQUIRE(driver.wait_until([&] { return !playback.empty(); }));
    driver.press(key_of('H'));
    for (int i = 0; i < 400; ++i) {
        if (condition(playback))
            return true;
        driver.press(Key::Right);
    }
    return false;
}

// Steps with the key, each until the guest has stopped and has been looked at.
template<typename Condition>
bool step_until(AppDriver& driver, Key key, Condition condition)
{
    auto& run = driver.application().chosen_run();
    for (int i = 0; i < 60; ++i) {
        auto* observed = run.observed();
        auto taken = observed ? observed->snapshots_taken() : 0;
        driver.press(key);
        bool stopped = driver.wait_until([&] {
            return run.state() == Run::State::Paused && run.observed() == observed && observed->snapshots_taken() != taken
                && observed->snapshot()->paused;
        });
        if (stopped && condition(*run.observed()))
            return true;
        if (run.state() == Run::State::Ended)
            driver.wait_until([&] { return run.state() == Run::State::Running; });
    }
    return false;
}

}

TEST_CASE("which ring is the guest in, and really?", "[visualizer][question]")
{
    AppDriver driver(looking_at({ "syscalls" }, { "trap" }));
    open_panel(driver, "rings");
    auto in_kernel = [](const RingPlayback& playback) {
        return playback.position() == RingPosition { 0, RealRing::Ring3, false };
    };
    REQUIRE(go_through_events(driver, in_kernel));
    auto text = text_of_panel(driver);
    mentions(text, "the guest believes: ring 0");
    mentions(text, "really: ring 3");
    driver.keep_picture("question-ring.png");
}

TEST_CASE("what made this exit, and what did it cost?", "[visualizer][question]")
{
    AppDriver driver(looking_at({ "syscalls" }, { "trap" }));
    auto& run = driver.application().chosen_run();
    open_panel(driver, "story");
    auto at_an_exit = [](const RingPlayback& playback) {
        return describe(playback.event().kind).category == EventCategory::Exit && playback.event().duration > 0;
    };
    REQUIRE(go_through_events(driver, at_an_exit));
    auto exit = run.playback().event();
    mentions(text_of_panel(driver), sentence(exit, Style {}));
    driver.keep_picture("question-exit.png");
    // The same exit is among those of its reason.
    open_panel(driver, "exits");
    const auto ledger = ledger_of(run.events().exits(), run.events().scale());
    if (const auto* row = ledger.find(exit.kind))
        CHECK(row->maximum >= row->minimum);
    mentions(text_of_panel(driver), describe(exit.kind).name);
}

TEST_CASE("a click on an exit goes on to the next one of its reason, and stops there", "[visualizer][question]")
{
    AppDriver driver(looking_at({ "ticks" }, { "trap" }));
    auto& run = driver.application().chosen_run();
    open_panel(driver, "exits");
    REQUIRE(driver.wait_until([&] { return run.state() == Run::State::Running && driver.application().place("exit port-write"); }));
    // Paused, so that the row stays where it is until it is clicked.
    REQUIRE(driver.wait_until([&] {
        if (run.state() == Run::State::Running)
            run.pause();
        return run.state() == Run::State::Paused;
    }));
    driver.frames(20);
    auto before = run.events().size();
    driver.click("exit port-write");
    REQUIRE(driver.wait_until([&] { return run.state() == Run::State::Paused && run.events().size() != before; }));
    driver.frames(10);
    auto& events = run.events();
    auto last = events.size();
    auto is_wanted = [&](uint64_t index) { return events[index].kind == EventKind::PortWrite; };
    // Behind it stands at most what belongs to the stop.
    bool found = false;
    for (uint64_t i = last > 4 ? last - 4 : 0; i < last; ++i)
        found = found || is_wanted(i);
    CHECK(found);
}

TEST_CASE("which instruction did the rewriter replace, and by what?", "[visualizer][question]")
{
    AppDriver driver(looking_at({ "ticks" }, { "rewriting" }));
    auto& run = driver.application().chosen_run();
    REQUIRE(driver.wait_until([&] { return run.state() == Run::State::Running; }));
    open_panel(driver, "code");
    TranslatedLine replaced;
    auto has_replaced_one = [&](const ObservedRun& observed) {
        for (const auto& block : translated_blocks(*observed.snapshot(), run.symbols())) {
            auto found = std::ranges::find_if(block.instructions,
                [](const TranslatedLine& line) { return line.letter != ' ' && !line.guest.empty() && !line.host.empty(); });
            if (found != block.instructions.end()) {
                replaced = *found;
                return true;
            }
        }
        return false;
    };
    REQUIRE(step_until(driver, key_of('B'), has_replaced_one));
    auto text = text_of_panel(driver);
    mentions(text, replaced.guest);
    mentions(text, replaced.host.front().text);
    CHECK_FALSE(replaced.treatment.empty());
    CHECK_FALSE(replaced.reason.empty());
    driver.keep_picture("question-code.png");
}

TEST_CASE("why is trap-and-emulate slower here than rewriting?", "[visualizer][question]")
{
    AppDriver driver(looking_at({ "privops" }, { "trap", "rewriting" }));
    const auto& runs = driver.application().laboratory().runs();
    REQUIRE(driver.wait_until([&] { return runs[0]->whole_round() && runs[1]->whole_round(); }));
    driver.press(key_of('C')); // exits, beside those of the next VM
    driver.keep_picture("question-why.png");
    auto difference = difference_between(*runs[0]->whole_round(), *runs[1]->whole_round());
    CHECK(difference.nanoseconds > 0);
    REQUIRE_FALSE(difference.parts.empty());
    const auto* reason = difference.parts.front().left;
    REQUIRE(reason);
    INFO(describe(reason->kind).name);
    // Not dearer exits: more of them. The rewriter carries most of the kernel's sensitive instructions out in its own code.
    CHECK(reason->count > (difference.parts.front().right ? difference.parts.front().right->count : 0));
    CHECK(runs[0]->whole_round()->exits > 3 * runs[1]->whole_round()->exits);
    auto text = text_of_panel(driver);
    mentions(text, "longer under trap than under rewriting");
    mentions(text, fmt::format("{}: ", describe(reason->kind).name));
    driver.press(key_of('C'));
    CHECK(text_of_panel(driver).find("longer under trap") == std::string::npos);
}

TEST_CASE("what did the guest's page table say, and what is mapped?", "[visualizer][question]")
{
    AppDriver driver(looking_at({ "ticks" }, { "trap" }));
    auto& run = driver.application().chosen_run();
    REQUIRE(driver.wait_until([&] { return run.state() == Run::State::Running; }));
    open_panel(driver, "cpu");
    auto has_paging = [](const ObservedRun& observed) {
        return (observed.snapshot()->cpu.cr0 & cr0::pg) && observed.snapshot()->shadow && !observed.snapshot()->shadow->runs.empty();
    };
    REQUIRE(step_until(driver, key_of('E'), has_paging));
    driver.click("cpu Page tables");
    driver.keep_picture("question-pages.png");
    REQUIRE(driver.application().place("mapped pages"));
    const auto& snapshot = *run.observed()->snapshot();
    auto view = page_tables_of(snapshot, run.observed()->memory());
    auto page = snapshot.cpu.eip / page_size; // the code segments of the guest are flat
    const GuestRun* said = nullptr;
    for (const auto& entry : view.directory) {
        for (const auto& part : entry.runs)
            said = page >= part.page && page - part.page < part.count ? &part : said;
    }
    REQUIRE(said);
    auto mapped = std::ranges::find_if(view.shadow->runs, [&](const MappedRun& part) { return page >= part.page && page - part.page < part.count; });
    REQUIRE(mapped != view.shadow->runs.end());
    CHECK(mapped->frame + (page - mapped->page) == said->frame + (page - said->page));
    auto text = text_of_panel(driver);
    mentions(text, words_for(*said));
    mentions(text, words_for(*mapped));
    for (const auto& difference : view.differences)
        CHECK_FALSE(sentence_for(difference.kind).empty());
}
