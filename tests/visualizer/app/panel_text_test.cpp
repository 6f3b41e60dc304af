// `ringside view --text`: the panels in words, without a window.
#include "tests/catch.hpp"
#include "tests/support/command.hpp"
#include "tests/visualizer/app/app_driver.hpp"
#include "visualizer/panels/panels.hpp"

#include <fmt/format.h>

using namespace ringside::test;
using namespace ringside::visualizer;

TEST_CASE("every panel is printed in words, of each VM, without a display", "[visualizer][text]")
{
    for (const auto& panel : all_panels()) {
        std::string name { panel.name };
        auto outcome = ringside::test::run_program(
            { "view", "ticks", "--strategies", "emulation,trap", "--panels", name, "--text", "--after", "0.6" });
        INFO(name);
        INFO(outcome.output);
        CHECK(outcome.status == 0);
        CHECK(outcome.errors.empty());
        auto heading = fmt::format("== {}\n", panel.title);
        auto first = outcome.output.find(heading);
        CHECK(first == 0);
        CHECK((outcome.output.find(heading, 1) == std::string::npos) == panel.of_all);
        CHECK(outcome.output.size() > heading.size() + 20);
    }
}

TEST_CASE("registers are printed in words", "[visualizer][text]")
{
    auto outcome = ringside::test::run_program({ "view", "ticks", "--strategies", "emulation", "--panels", "cpu,devices", "--text", "--after", "1" });
    CHECK(outcome.output.find("EAX") != std::string::npos);
    CHECK(outcome.output.find("CR3") != std::string::npos);
    CHECK(outcome.output.find("== Devices") != std::string::npos);
}

TEST_CASE("a panel that does not exist is refused, and the others are named", "[visualizer][text]")
{
    auto outcome = ringside::test::run_program({ "view", "--panels", "rigns", "--text" });
    CHECK(outcome.status == 2);
    CHECK(outcome.output.empty());
    CHECK(outcome.errors.find("rings") != std::string::npos);
}
