#include "tests/catch.hpp"
#include "tests/support/command.hpp"

#include <nlohmann/json.hpp>

using namespace ringside::test;

TEST_CASE("every command has a help that fits 80 columns and gives an example", "[cli]")
{
    auto command = GENERATE(as<std::string> {}, "", "run", "compare", "strategies", "scenarios", "trace", "audit", "disasm", "doctor", "demo", "view");
    INFO(command);
    auto outcome = command.empty() ? run_program({ "--help" }) : run_program({ command, "--help" });
    CHECK(outcome.status == 0);
    CHECK(outcome.errors.empty());
    CHECK(outcome.output.find("Example") != std::string::npos);
    CHECK(outcome.output.find("  ringside " + command) != std::string::npos);
    CHECK(widest_line(outcome.output) <= 80);
}

TEST_CASE("the help names what the program is, its commands and its exit codes", "[cli]")
{
    auto help = run_program({ "--help" }).output;
    for (auto part : { "virtualization laboratory", "run ", "compare ", "scenarios", "strategies", "trace", "audit", "disasm", "doctor", "demo",
             "124  ", "65  ", "69  ", "70  " }) {
        INFO(part);
        CHECK(help.find(part) != std::string::npos);
    }
    CHECK(help.find("worker") == help.find("worker process died")); // the hidden command stays hidden
}

TEST_CASE("the version is one line", "[cli]")
{
    auto outcome = run_program({ "--version" });
    CHECK(outcome.status == 0);
    CHECK(outcome.output.starts_with("ringside "));
    CHECK(lines_of(outcome.output) == 1);
}

TEST_CASE("strategies are listed for people and for programs", "[cli]")
{
    auto text = run_program({ "strategies" });
    CHECK(text.status == 0);
    CHECK(text.output.find("emulation") != std::string::npos);
    auto list = nlohmann::json::parse(run_program({ "strategies", "--json" }).output, nullptr, false);
    REQUIRE(list.is_array());
    REQUIRE_FALSE(list.empty());
    CHECK(list[0]["name"] == "emulation");
    CHECK(list[0]["available"] == true);
    CHECK(list[0]["remedy"] == "");
}

TEST_CASE("scenarios are listed for people and for programs", "[cli]")
{
    auto text = run_program({ "scenarios" });
    CHECK(text.status == 0);
    CHECK(text.output.find("hello ") != std::string::npos);
    auto list = nlohmann::json::parse(run_program({ "scenarios", "--json" }).output, nullptr, false);
    REQUIRE(list.is_array());
    CHECK(list.size() == lines_of(text.output));
    for (const auto& scenario : list) {
        CHECK(scenario["memory_mib"].is_number_unsigned());
        CHECK(scenario["outcome"].is_string());
    }
}

TEST_CASE("a broken scenario is told, with its line, and does not hide the others", "[cli]")
{
    Scratch scratch;
    scratch.write("bad.toml", "name = \"bad\"\ntitle = 3\n");
    scratch.write("good.toml", "name = \"good\"\ntitle = \"A good one\"\nkernel = \"k\"\n");
    auto outcome = invoke({ { "scenarios" }, {}, { { "RINGSIDE_SCENARIOS", scratch.path("") } }, {} });
    CHECK(outcome.status == 65);
    CHECK(outcome.output.find("A good one") != std::string::npos);
    CHECK(outcome.errors.find("bad.toml:2: 'title' must be a text") != std::string::npos);
}

TEST_CASE("the doctor tells about host, strategies and guests", "[cli]")
{
    auto text = run_program({ "doctor" });
    CHECK(text.status == 0);
    CHECK(text.errors.empty());
    auto report = nlohmann::json::parse(run_program({ "doctor", "--json" }).output, nullptr, false);
    REQUIRE(report.is_object());
    for (auto key : { "cpu", "kernel", "kvm", "memory", "display" })
        CHECK(report["host"][key].is_string());
    REQUIRE(report["strategies"].is_array());
    CHECK(report["strategies"][0]["name"] == "emulation");
    CHECK(report["strategies"][0]["detail"].get<std::string>().find("Unicorn 2") != std::string::npos);
    CHECK(report["scenarios"]["count"] > 0);
}
