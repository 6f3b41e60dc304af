#include "core/session/scenario.hpp"
#include "tests/catch.hpp"
#include "tests/support/command.hpp"

#include <nlohmann/json.hpp>

using namespace ringside::test;

namespace {

std::string expected_console(const std::string& scenario)
{
    return content_of(ringside::ScenarioLibrary::of_this_program().scenarios_directory() / (scenario + ".expected"));
}

bool has_color(const std::string& text)
{
    return text.find('\x1B') != std::string::npos;
}

}

TEST_CASE("run prints the guest's console on standard output, and nothing else anywhere", "[cli]")
{
    auto outcome = run_program({ "run", "hello" });
    CHECK(outcome.status == 0);
    CHECK(outcome.output == expected_console("hello"));
    CHECK(outcome.errors.empty());
}

TEST_CASE("a guest's end decides the exit code, and one line says why it ended badly", "[cli]")
{
    struct Bad {
        std::string scenario;
        int status;
        std::string says;
    };
    auto bad = GENERATE(values<Bad>({
        { "crash-triple", 1, "triple fault" },
        { "crash-jump", 1, "reported failure" },
        { "crash-privileged", 1, "reported failure" },
    }));
    auto outcome = run_program({ "run", bad.scenario });
    INFO(outcome.errors);
    CHECK(outcome.status == bad.status);
    CHECK(outcome.output == expected_console(bad.scenario));
    CHECK(lines_of(outcome.errors) == 1);
    CHECK(outcome.errors.starts_with("ringside: " + bad.scenario + ": "));
    CHECK(outcome.errors.find(bad.says) != std::string::npos);
    CHECK(run_program({ "run", bad.scenario, "--quiet" }).errors.empty());
}

TEST_CASE("a timeout says where the guest was", "[cli]")
{
    auto outcome = run_program({ "run", "crash-loop", "--timeout", "0.3" });
    CHECK(outcome.status == 124);
    CHECK(lines_of(outcome.errors) == 1);
    CHECK(outcome.errors.find("longer than 0.3 s") != std::string::npos);
    CHECK(outcome.errors.find("ring 0, interrupts off") != std::string::npos);
}

TEST_CASE("statistics go to standard error", "[cli]")
{
    auto outcome = run_program({ "run", "hello", "--stats" });
    CHECK(outcome.status == 0);
    CHECK(outcome.output == expected_console("hello"));
    CHECK(outcome.errors.find("software-interrupt") != std::string::npos);
    CHECK(outcome.errors.find("Ring changes") != std::string::npos);
    CHECK_FALSE(has_color(outcome.errors));
    CHECK(widest_line(outcome.errors) <= 80);
}

TEST_CASE("a result for programs says how the run ended", "[cli]")
{
    Scratch scratch;
    auto run = [&](const std::string& scenario, int status) {
        REQUIRE(run_program({ "run", scenario, "--timeout", "1", "--json", scratch.path("j") }).status == status);
        auto result = nlohmann::json::parse(content_of(scratch.path("j")), nullptr, false);
        REQUIRE(result.is_object());
        CHECK(result["exit_code"] == status);
        CHECK(result["guest"] == scenario);
        CHECK(result["strategy"] == "emulation");
        CHECK(result["wall_seconds"] > 0.0);
        CHECK(result["statistics"].is_object());
        return result;
    };
    CHECK(run("hello", 0)["outcome"] == "success");
    CHECK(run("crash-triple", 1)["outcome"] == "triple-fault");
    CHECK(run("crash-jump", 1)["outcome"] == "failure");
    auto timeout = run("crash-loop", 124);
    CHECK(timeout["outcome"] == "timeout");
    CHECK(timeout["place"]["ring"] == 0);
    CHECK(timeout["place"]["interrupts"] == false);
}

TEST_CASE("words are appended after the scenario's own, so that they win", "[cli]")
{
    auto outcome = run_program({ "run", "hello", "--append", "run=crash", "--append", "variant=triple" });
    CHECK(outcome.status == 1);
    CHECK(outcome.errors.find("triple fault") != std::string::npos);
}

TEST_CASE("a kernel is run by its path, with the modules that are named", "[cli]")
{
    auto guests = ringside::ScenarioLibrary::of_this_program().guests_directory();
    if (const char* named = std::getenv("RINGSIDE_GUESTS"))
        guests = named;
    auto outcome
        = run_program({ "run", guests / "bantam.elf", "--module", guests / "hello.elf", "--append", "run=hello" });
    CHECK(outcome.status == 0);
    CHECK(outcome.output == expected_console("hello"));
}

TEST_CASE("the same run under the virtual clock gives byte-identical traces", "[cli]")
{
    Scratch scratch;
    for (auto name : { "a", "b" })
        REQUIRE(run_program({ "run", "hello", "--clock", "virtual", "--trace", scratch.path(name) }).status == 0);
    CHECK(content_of(scratch.path("a")).size() > 1000);
    CHECK(content_of(scratch.path("a")) == content_of(scratch.path("b")));
}

TEST_CASE("a trace can be recorded and exported", "[cli]")
{
    Scratch scratch;
    REQUIRE(run_program({ "run", "hello", "--trace", scratch.path("t") }).status == 0);
    auto lines = run_program({ "trace", scratch.path("t"), "--to", "jsonl", "--output", "-" });
    CHECK(lines.status == 0);
    CHECK(lines_of(lines.output) > 100);
    CHECK(nlohmann::json::parse(lines.output.substr(0, lines.output.find('\n')), nullptr, false).is_object());
    REQUIRE(run_program({ "trace", scratch.path("t"), "--to", "chrome", "--output", scratch.path("c") }).status == 0);
    CHECK(nlohmann::json::parse(content_of(scratch.path("c")), nullptr, false).is_object());
}

TEST_CASE("a trace that was cut short is exported as far as it goes, and that is said", "[cli]")
{
    Scratch scratch;
    REQUIRE(run_program({ "run", "hello", "--trace", scratch.path("t") }).status == 0);
    auto whole = content_of(scratch.path("t"));
    auto cut = scratch.write("cut", whole.substr(0, whole.size() - 100));
    auto outcome = run_program({ "trace", cut, "--to", "jsonl", "--output", scratch.path("o") });
    CHECK(outcome.status == 65);
    CHECK(lines_of(outcome.errors) == 1);
    CHECK(scratch.files() == std::vector<std::string> { "cut", "o", "t" });
}

TEST_CASE("output that cannot be written is one line, and no hang", "[cli]")
{
    struct Sink {
        std::string file;
        std::string says;
    };
    auto sink = GENERATE(values<Sink>({ { "/dev/full", "No space left on device" }, { "-", "Bad file descriptor" } }));
    auto arguments = GENERATE(values<std::vector<std::string>>(
        { { "run", "hello" }, { "strategies" }, { "scenarios", "--json" }, { "doctor" }, { "demo" }, { "--help" } }));
    INFO(sink.file << ' ' << arguments.front());
    auto outcome = invoke({ arguments, {}, {}, sink.file });
    INFO(outcome.errors);
    CHECK(outcome.status == 65);
    CHECK(lines_of(outcome.errors) == 1);
    CHECK(outcome.errors.find(sink.says) != std::string::npos);
}

TEST_CASE("a full disk under a trace is one line", "[cli]")
{
    auto outcome = run_program({ "run", "hello", "--trace", "/dev/full" });
    CHECK(outcome.status != 0);
    CHECK(lines_of(outcome.errors) == 1);
    CHECK(outcome.errors.find("/dev/full") != std::string::npos);
}

TEST_CASE("color comes only when it is wanted", "[cli]")
{
    CHECK_FALSE(has_color(run_program({ "demo" }).output));
    CHECK(has_color(run_program({ "--color", "always", "demo" }).output));
    CHECK(has_color(run_program({ "demo", "--color", "always" }).output));
    CHECK_FALSE(has_color(run_program({ "demo", "--color", "never" }).output));
}

TEST_CASE("the demonstration fits a screen and shows every strategy that is here, and what else to do", "[cli]")
{
    auto outcome = invoke({ { "demo" }, {}, { { "LC_ALL", "C.UTF-8" } }, {} });
    INFO(outcome.output);
    CHECK(outcome.status == 0);
    CHECK(outcome.errors.empty());
    CHECK(lines_of(outcome.output) <= 23); // and the line on which the shell asks again
    CHECK(widest_line(outcome.output) <= 80);
    CHECK(outcome.output.find("The guest said the same under each.") != std::string::npos);
    CHECK(outcome.output.find("Next:") != std::string::npos);
    auto strategies = nlohmann::json::parse(run_program({ "strategies", "--json" }).output, nullptr, false);
    for (const auto& strategy : strategies) {
        auto name = strategy["name"].get<std::string>();
        INFO(name);
        bool available = strategy["available"];
        CHECK(outcome.output.find(available ? "\n" + name + ' ' : name + " is missing: ") != std::string::npos);
    }
}

TEST_CASE("in a plain locale the demonstration is plain ASCII", "[cli]")
{
    auto outcome = invoke({ { "demo" }, {}, { { "LC_ALL", "C" } }, {} });
    CHECK(std::ranges::all_of(outcome.output, [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
}

TEST_CASE("closing the input leaves a guest that does not read alone", "[cli]")
{
    auto outcome = invoke({ { "run", "hello" }, "some input that nobody reads\n", {}, {} });
    CHECK(outcome.status == 0);
    CHECK(outcome.output == expected_console("hello"));
}

TEST_CASE("a story counts time from the guest's first instruction", "[cli]")
{
    for (int run = 0; run < 5; ++run) {
        auto outcome = run_program({ "run", "hello", "--story", "--quiet" });
        REQUIRE(outcome.status == 0);
        auto first = outcome.errors.substr(0, outcome.errors.find('\n'));
        INFO(first);
        CHECK(first.find_first_not_of(' ') == first.find('-'));
    }
}
