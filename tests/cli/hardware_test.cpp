// The strategy `hardware` as its user meets it: on most machines of students it is missing, and must say why.
#include "tests/catch.hpp"
#include "tests/support/command.hpp"

#include <nlohmann/json.hpp>

using namespace ringside::test;

namespace {

nlohmann::json hardware_of_doctor()
{
    auto outcome = run_program({ "doctor", "--json" });
    REQUIRE(outcome.status == 0);
    auto doctor = nlohmann::json::parse(outcome.output);
    for (const auto& strategy : doctor["strategies"]) {
        if (strategy["name"] == "hardware")
            return strategy;
    }
    FAIL("doctor does not know the strategy hardware");
    return {};
}

bool is_missing()
{
    bool missing = !hardware_of_doctor()["available"].get<bool>();
    if (!missing)
        WARN("skipped: this host has VT-x or AMD-V");
    return missing;
}

}

TEST_CASE("doctor tells whether there is hardware virtualization, on what, and the remedy if not", "[cli][hardware]")
{
    auto hardware = hardware_of_doctor();
    auto detail = hardware["detail"].get<std::string>(), remedy = hardware["remedy"].get<std::string>();
    CHECK_FALSE(detail.empty());
    CHECK(remedy.empty() == hardware["available"].get<bool>());
    if (hardware["available"])
        CHECK((detail.find("VT-x") != std::string::npos || detail.find("AMD-V") != std::string::npos));
    auto text = run_program({ "doctor" }).output;
    CHECK(text.find(detail) != std::string::npos);
    CHECK(text.find(remedy) != std::string::npos);
}

TEST_CASE("where hardware is missing a run under it ends with 69 and one line that says why", "[cli][hardware]")
{
    if (!is_missing())
        return;
    auto detail = hardware_of_doctor()["detail"].get<std::string>();
    auto outcome = run_program({ "run", "hello", "--strategy", "hardware" });
    CHECK(outcome.status == 69);
    CHECK(outcome.output.empty());
    CHECK(lines_of(outcome.errors) == 1);
    CHECK(outcome.errors.find("the strategy 'hardware' is not available here: " + detail) != std::string::npos);
}

TEST_CASE("a planned change to hardware, and a comparison with it, are refused before the guest runs", "[cli][hardware]")
{
    if (!is_missing())
        return;
    auto changed = run_program({ "run", "hello", "--switch", "1ms:hardware" });
    CHECK(changed.status == 69);
    CHECK(changed.output.empty());
    auto compared = run_program({ "compare", "hello", "--strategies", "hardware" });
    CHECK(compared.status == 69);
    CHECK(compared.output.empty());
    CHECK(lines_of(compared.errors) == 1);
}

TEST_CASE("a comparison lists hardware as missing, with the reason, and never has figures for it", "[cli][hardware]")
{
    if (!is_missing())
        return;
    auto outcome = run_program({ "compare", "hello", "--runs", "1" });
    CHECK(outcome.status == 0);
    CHECK(outcome.output.find("hardware is missing: ") != std::string::npos);
    CHECK(outcome.output.find("\nhardware  ") == std::string::npos);
}
