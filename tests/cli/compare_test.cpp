#include "tests/catch.hpp"
#include "tests/support/command.hpp"
#include "tests/support/guests.hpp"
#include "tests/support/running.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <pty.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace ringside::test;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

// The least that compares anything.
Words small(Words more = {})
{
    Words words { "compare", "hello", "--strategies", "emulation,trap", "--runs", "2" };
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

nlohmann::json json_of(const std::string& text)
{
    auto json = nlohmann::json::parse(text, nullptr, false);
    REQUIRE(json.is_object());
    return json;
}

}

TEST_CASE("compare shows every strategy that is here in one table", "[cli][compare]")
{
    auto outcome = run_program({ "compare", "hello", "--runs", "1" });
    INFO(outcome.output);
    CHECK(outcome.status == 0);
    CHECK(outcome.errors.empty()); // no progress where standard error is no terminal
    CHECK(widest_line(outcome.output) <= 80);
    CHECK_FALSE(has(outcome.output, "\x1B"));
    auto strategies = nlohmann::json::parse(run_program({ "strategies", "--json" }).output, nullptr, false);
    for (const auto& strategy : strategies) {
        auto name = strategy["name"].get<std::string>();
        INFO(name);
        CHECK(has(outcome.output, strategy["available"] == true ? name : name + " is missing: "));
    }
    CHECK(has(outcome.output, "The guest ended the same (success) and said the same"));
}

TEST_CASE("in a plain locale the comparison is plain ASCII", "[cli][compare]")
{
    auto outcome = invoke({ small(), {}, { { "LC_ALL", "C" } }, {} });
    CHECK(outcome.status == 0);
    CHECK(std::ranges::all_of(outcome.output, [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
}

TEST_CASE("color comes to a comparison only when it is wanted", "[cli][compare]")
{
    CHECK(has(run_program(small({ "--color", "always" })).output, "\x1B["));
    CHECK_FALSE(has(run_program(small({ "--color", "never" })).output, "\x1B["));
}

TEST_CASE("one comparison gives all formats", "[cli][compare]")
{
    Scratch scratch;
    auto outcome = run_program(small({ "--json", scratch.path("j"), "--csv", scratch.path("c"), "--markdown", scratch.path("m"),
        "--html", scratch.path("h"), "--quiet" }));
    INFO(outcome.errors);
    REQUIRE(outcome.status == 0);
    CHECK(outcome.output.empty());
    CHECK(outcome.errors.empty());

    auto json = json_of(content_of(scratch.path("j")));
    REQUIRE(json["strategies"].size() == 2);
    for (const auto& row : json["strategies"]) {
        CHECK(row["verdict"] == "as expected");
        CHECK(row["runs"].size() == 2);
        CHECK(row["time_ns"]["minimum"] > 0);
        CHECK(row["time_ns"]["minimum"] <= row["time_ns"]["median"]);
        CHECK(row["time_ns"]["median"] <= row["time_ns"]["maximum"]);
        CHECK(row["ratio"] >= 1.0);
        CHECK(row["exits"].size() > 2);
        CHECK(row["watched"]["ring_changes_exact"] == true);
        CHECK(row["console"] == json["strategies"][0]["console"]);
    }
    auto csv = content_of(scratch.path("c"));
    CHECK(csv.starts_with("guest,strategy,section,item,figure,value\r\n"));
    CHECK(has(csv, "hello,trap,time,,median_ns," + json["strategies"][1]["time_ns"]["median"].dump() + "\r\n"));
    auto markdown = content_of(scratch.path("m"));
    CHECK(has(markdown, "| Strategy | Median |"));
    CHECK(has(markdown, "\n| trap | "));
    CHECK(content_of(scratch.path("h")).ends_with("</html>\n"));
}

// invoke() ends what takes longer than that.
TEST_CASE("sieve and privops give every format in under a minute", "[cli][compare]")
{
    auto scenario = GENERATE(as<std::string> {}, "sieve", "privops");
    Scratch scratch;
    auto outcome = run_program({ "compare", scenario, "--json", scratch.path("j"), "--csv", scratch.path("c"), "--markdown",
        scratch.path("m"), "--html", scratch.path("h") });
    INFO(outcome.output << outcome.errors);
    CHECK(outcome.status == 0);
    CHECK(scratch.files() == Words { "c", "h", "j", "m" });
    auto json = json_of(content_of(scratch.path("j")));
    CHECK(json["runs"] == 5);
    CHECK(json["as_expected"] == true);
    for (const auto& row : json["strategies"])
        CHECK(row["runs"].size() == 5);
}

TEST_CASE("a format on standard output stands there alone", "[cli][compare]")
{
    auto outcome = run_program(small({ "--json", "-" }));
    CHECK(outcome.status == 0);
    CHECK(json_of(outcome.output)["guest"] == "hello");
}

TEST_CASE("strategies are compared in the order in which they are named", "[cli][compare]")
{
    auto json = json_of(run_program({ "compare", "hello", "--strategies", "trap,emulation", "--runs", "1", "--json", "-" }).output);
    CHECK(json["strategies"][0]["strategy"] == "trap");
    CHECK(json["strategies"][1]["strategy"] == "emulation");
    CHECK(json["missing"].empty());
}

TEST_CASE("what a scenario documents is told and is no failure", "[cli][compare]")
{
    auto outcome = run_program({ "compare", "holes", "--strategies", "emulation,trap", "--runs", "1" });
    INFO(outcome.output);
    CHECK(outcome.status == 0);
    CHECK(has(outcome.output, "trap *: it ends otherwise (failure), as the scenario says: "));
}

TEST_CASE("a guest that ends otherwise than it should is a row with its reason, and exit code 1", "[cli][compare]")
{
    // Words of ours make hello's run another one, which fails under each strategy.
    auto outcome = run_program(small({ "--append", "run=crash variant=triple" }));
    INFO(outcome.output);
    CHECK(outcome.status == 1);
    CHECK(has(outcome.output, "emulation: not compared: it ended with triple-fault"));
    CHECK(has(outcome.output, "trap: not compared: it ended with triple-fault"));
    CHECK(widest_line(outcome.output) <= 80);
}

TEST_CASE("a console that is not the scenario's is found out", "[cli][compare]")
{
    Scratch scratch;
    scratch.write("wrong.toml", "name = \"wrong\"\ntitle = \"Wrong\"\nkernel = \"bantam.elf\"\nmodules = [\"hello.elf\"]\nappend = \"run=hello\"\n");
    scratch.write("wrong.expected", "something else\n");
    auto outcome = invoke({ { "compare", "wrong", "--strategies", "trap", "--runs", "1" }, {}, { { "RINGSIDE_SCENARIOS", scratch.path("") } }, {} });
    INFO(outcome.output);
    CHECK(outcome.status == 1);
    CHECK(has(outcome.output, "trap: not compared: its console differs from what the scenario says"));
}

TEST_CASE("a scenario without a ported kernel is compared without paravirt", "[cli][compare]")
{
    Scratch scratch;
    scratch.write("plain.toml", "name = \"plain\"\ntitle = \"Plain\"\nkernel = \"bantam.elf\"\nmodules = [\"hello.elf\"]\nappend = \"run=hello\"\n");
    scratch.write("plain.expected", "");
    std::map<std::string, std::string> environment { { "RINGSIDE_SCENARIOS", scratch.path("") } };
    auto outcome = invoke({ { "compare", "plain", "--runs", "1", "--json", "-", "--append", "x=1" }, {}, environment, {} });
    CHECK(outcome.status == 0);
    auto json = json_of(outcome.output);
    auto is_paravirt = [](const nlohmann::json& entry) { return entry["strategy"] == "paravirt"; };
    CHECK(std::ranges::none_of(json["strategies"], is_paravirt));
    CHECK(std::ranges::any_of(json["missing"], is_paravirt));
    CHECK(invoke({ { "compare", "plain", "--strategies", "paravirt" }, {}, environment, {} }).status == 2);
}

TEST_CASE("a run that takes too long is given up, and the others are not", "[cli][compare]")
{
    auto outcome = run_program({ "compare", guest("spin"), "--strategies", "emulation,trap", "--runs", "1", "--timeout", "0.2" });
    INFO(outcome.output);
    CHECK(outcome.status == 1);
    CHECK(has(outcome.output, "emulation: not compared: it ended with timeout"));
    CHECK(has(outcome.output, "trap: not compared: it ended with timeout"));
}

TEST_CASE("a scenario that has no end is as expected, and not timed", "[cli][compare]")
{
    auto outcome = run_program({ "compare", "crash-loop", "--strategies", "trap", "--timeout", "0.3" });
    INFO(outcome.output);
    CHECK(outcome.status == 0);
    CHECK(has(outcome.output, "trap: not timed: the guest runs until it is stopped (timeout)."));
}

TEST_CASE("what a guest writes to port 0xE9 is kept for each run", "[cli][compare]")
{
    auto json = json_of(run_program({ "compare", guest("both"), "--strategies", "emulation", "--runs", "3", "--json", "-" }).output);
    REQUIRE(json["strategies"][0]["runs"].size() == 3);
    for (const auto& run : json["strategies"][0]["runs"])
        CHECK(run["debug_output"] == "d!");
}

TEST_CASE("a bad comparison is refused with one line and its exit code, before anything runs", "[cli][compare]")
{
    struct Bad {
        Words arguments;
        int status;
        std::string says;
    };
    Scratch scratch;
    auto same = scratch.path("same");
    auto bad = std::vector<Bad> {
        { { "compare" }, 2, "GUEST" },
        { { "compare", "helo" }, 2, "did you mean 'hello'?" },
        { { "compare", "nosuch.elf" }, 65, "nosuch.elf" },
        { { "compare", "/dev/null" }, 65, "/dev/null" },
        { { "compare", "hello", "--strategies", "tarp" }, 2, "did you mean 'trap'?" },
        { { "compare", "hello", "--strategies", "" }, 2, "there is no strategy ''" },
        { { "compare", "hello", "--strategies", "trap," }, 2, "there is no strategy ''" },
        { { "compare", "hello", "--strategies", "trap,trap" }, 2, "twice" },
        { { "compare", "hello", "--strategies", "trap\x1B[2J" }, 2, "trap?[2J" },
        { { "compare", "hello", "--runs", "0" }, 2, "--runs" },
        { { "compare", "hello", "--runs", "-1" }, 2, "--runs" },
        { { "compare", "hello", "--runs", "1001" }, 2, "--runs" },
        { { "compare", "hello", "--runs", "many" }, 2, "--runs" },
        { { "compare", "hello", "--timeout", "-1" }, 2, "--timeout" },
        { { "compare", "hello", "--memory", "0" }, 2, "choose 2 to 3584 MiB" },
        { { "compare", "hello", "--html", "" }, 2, "--html" },
        { { "compare", "hello", "--html", "/nonexistent/h" }, 65, "/nonexistent/h" },
        { { "compare", "hello", "--json", "/" }, 65, "Is a directory" },
        { { "compare", "hello", "--json", same, "--csv", same }, 2, "same file" },
        { { "compare", "hello", "--json", "-", "--csv", "-" }, 2, "same file" },
        { { "compare", "hello", "--module", "/nonexistent/m" }, 65, "/nonexistent/m" },
    };
    for (const auto& [arguments, status, says] : bad) {
        INFO("ringside " << Catch::StringMaker<Words>::convert(arguments));
        auto outcome = run_program(arguments);
        INFO(outcome.errors);
        CHECK(outcome.status == status);
        CHECK(outcome.output.empty());
        CHECK(lines_of(outcome.errors) == 1);
        CHECK(has(outcome.errors, says));
    }
    CHECK(scratch.files().empty());
}

TEST_CASE("a strategy that is not available here is refused by its name with 69", "[cli][compare]")
{
    auto strategies = nlohmann::json::parse(run_program({ "strategies", "--json" }).output, nullptr, false);
    auto missing = std::ranges::find_if(strategies, [](const auto& strategy) { return strategy["available"] == false; });
    if (missing == strategies.end()) {
        WARN("skipped: this host offers every strategy");
        return;
    }
    auto name = (*missing)["name"].get<std::string>();
    auto outcome = run_program({ "compare", "hello", "--strategies", "trap," + name });
    CHECK(outcome.status == 69);
    CHECK(outcome.output.empty());
    CHECK(lines_of(outcome.errors) == 1);
    CHECK(has(outcome.errors, "the strategy '" + name + "' is not available here: "));
}

TEST_CASE("a comparison whose output cannot be written is one line", "[cli][compare]")
{
    for (auto sink : { "/dev/full", "-" }) {
        INFO(sink);
        auto outcome = invoke({ small(), {}, {}, sink });
        CHECK(outcome.status == 65);
        CHECK(lines_of(outcome.errors) == 1);
    }
    auto outcome = run_program(small({ "--html", "/dev/full", "--quiet" }));
    CHECK(outcome.status == 65);
    CHECK(has(outcome.errors, "/dev/full"));
}

TEST_CASE("Ctrl-C ends a comparison by its signal, with one line and no half-written file", "[cli][compare]")
{
    Scratch scratch;
    auto page = scratch.path("h");
    int terminal = -1;
    auto named = program(), spin = guest("spin");
    pid_t process = forkpty(&terminal, nullptr, nullptr, nullptr);
    REQUIRE(process >= 0);
    if (process == 0) {
        execl(named.c_str(), named.c_str(), "compare", spin.c_str(), "--strategies", "trap", "--html", page.c_str(), nullptr);
        _exit(127);
    }
    std::string seen;
    auto read_more = [&] {
        char buffer[512];
        ssize_t size = read(terminal, buffer, sizeof buffer);
        seen.append(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
        return size > 0;
    };
    while (!has(seen, "warming up trap (run 1 of ") && read_more()) { }
    std::this_thread::sleep_for(200ms);
    REQUIRE(write(terminal, "\x03", 1) == 1);
    while (read_more()) { }
    int status = 0;
    REQUIRE(waitpid(process, &status, 0) == process);
    close(terminal);
    INFO(seen);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGINT);
    CHECK(has(seen, "ringside: spin"));
    CHECK(has(seen, "stopped in run 1 of "));
    CHECK(scratch.files().empty());
}
