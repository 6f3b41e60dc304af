#include "tests/catch.hpp"
#include "tests/support/command.hpp"

#include <nlohmann/json.hpp>

using namespace ringside::test;

namespace {

std::string recorded(const Scratch& scratch, std::vector<std::string> more = {})
{
    std::vector<std::string> arguments { "run", "syscalls", "--append", "n=200", "--trace", scratch.path("t") };
    arguments.insert(arguments.end(), more.begin(), more.end());
    REQUIRE(run_program(arguments).status == 0);
    return scratch.path("t");
}

nlohmann::json summary_of(const std::string& trace)
{
    return nlohmann::json::parse(run_program({ "trace", trace, "--summary", "--json" }).output, nullptr, false);
}

}

TEST_CASE("the summary of a trace is a table of at most 80 columns with exits, ring changes and totals", "[cli][trace]")
{
    Scratch scratch;
    auto outcome = run_program({ "trace", recorded(scratch), "--summary" });
    INFO(outcome.output);
    CHECK(outcome.status == 0);
    CHECK(outcome.errors.empty());
    CHECK(widest_line(outcome.output) <= 80);
    for (auto part : { "A trace of syscalls under emulation", "EXIT ", "port-write ", "Ring changes", "3 to 0: ", "Other events",
             "machine-stop 1", "Wall time", "Nothing is lost." }) {
        INFO(part);
        CHECK(outcome.output.find(part) != std::string::npos);
    }
}

TEST_CASE("the summary of a trace says what the run itself counted", "[cli][trace]")
{
    Scratch scratch;
    auto trace = recorded(scratch, { "--json", scratch.path("json") });
    auto run = nlohmann::json::parse(content_of(scratch.path("json")), nullptr, false)["statistics"];
    auto summary = summary_of(trace);
    CHECK(summary["complete"] == true);
    CHECK(summary["exit_count"] == run["exit_count"]);
    CHECK(summary["ring_changes"] == run["ring_changes"]);
    CHECK(summary["totals"]["exit_count"] == run["exit_count"]);
    REQUIRE(summary["exits"].size() == run["exits"].size());
    for (const auto& exit : summary["exits"]) {
        uint64_t in_buckets = 0;
        for (const auto& bucket : exit["histogram"])
            in_buckets += bucket["count"].get<uint64_t>();
        CHECK(in_buckets == exit["count"]);
    }
}

TEST_CASE("under the virtual clock a summary has counts and no durations", "[cli][trace]")
{
    Scratch scratch;
    auto trace = recorded(scratch, { "--clock", "virtual" });
    CHECK(summary_of(trace)["exits"][0]["mean_ns"].is_null());
    CHECK(run_program({ "trace", trace, "--summary" }).output.find("Durations are not measured") != std::string::npos);
}

TEST_CASE("a trace that was cut short is summed up as far as it goes, and what is lost is said", "[cli][trace]")
{
    Scratch scratch;
    auto whole = content_of(recorded(scratch));
    auto cut = scratch.write("cut", whole.substr(0, whole.size() - 100));
    auto outcome = run_program({ "trace", cut, "--summary" });
    CHECK(outcome.status == 65);
    CHECK(outcome.output.find("Lost: ") != std::string::npos);
    CHECK(outcome.output.find("port-write") != std::string::npos);
    CHECK(lines_of(outcome.errors) == 1);
    auto json = run_program({ "trace", cut, "--summary", "--json" }).output;
    auto summary = nlohmann::json::parse(json, nullptr, false);
    CHECK(summary["complete"] == false);
    CHECK(summary["totals"].is_null());
    CHECK(summary["losses"] != "");
}

TEST_CASE("what trace shall do is said once, and wholly", "[cli][trace]")
{
    for (std::vector<std::string> arguments : { std::vector<std::string> {}, { "--to", "jsonl" }, { "--output", "-" }, { "--json" },
             { "--summary", "--to", "jsonl", "--output", "-" } }) {
        arguments.insert(arguments.begin(), { "trace", "/nonexistent" });
        auto outcome = run_program(arguments);
        CHECK(outcome.status == 2);
        CHECK(outcome.output.empty());
        CHECK(lines_of(outcome.errors) == 1);
    }
}

TEST_CASE("a run shows its first ring changes afterwards with --timeline, beside the guest's own output", "[cli][trace]")
{
    auto plain = run_program({ "run", "hello", "--quiet" });
    auto outcome = run_program({ "run", "hello", "--quiet", "--timeline" });
    CHECK(outcome.status == 0);
    CHECK(outcome.output == plain.output);
    CHECK(widest_line(outcome.errors) <= 80);
    CHECK(outcome.errors.find("since  ring 0 kernel  ring 3 program") != std::string::npos);
    CHECK(outcome.errors.find("INT 0x80") != std::string::npos);
    CHECK(outcome.errors.find("in ring 3") != std::string::npos);
}
