#include "tests/catch.hpp"
#include "tests/support/command.hpp"

#include <sys/stat.h>
#include <unistd.h>

using namespace ringside::test;

namespace {

struct BadCommand {
    std::vector<std::string> arguments;
    int status;
    std::string says; // part of the one line on standard error
};

}

TEST_CASE("a bad command line is answered with one line and its exit code", "[cli]")
{
    auto bad = GENERATE(values<BadCommand>({
        { {}, 2, "no command is given" },
        { { "rnu" }, 2, "did you mean 'ringside run'?" },
        { { "frobnicate" }, 2, "there is no command 'frobnicate'" },
        { { "--frobnicate" }, 2, "--frobnicate" },
        { { "run" }, 2, "GUEST" },
        { { "run", "hello", "world" }, 2, "world" },
        { { "run", "hello", "--frobnicate" }, 2, "--frobnicate" },
        { { "run", "hello", "--memory" }, 2, "--memory" },
        { { "run", "hello", "--memory", "0" }, 2, "choose 2 to 3584 MiB" },
        { { "run", "hello", "--memory", "1048576" }, 2, "choose 2 to 3584 MiB" },
        { { "run", "hello", "--memory", "-1" }, 2, "--memory" },
        { { "run", "hello", "--memory", "many" }, 2, "--memory" },
        { { "run", "hello", "--memory", "99999999999999999999" }, 2, "--memory" },
        { { "run", "hello", "--timeout", "-1" }, 2, "--timeout" },
        { { "run", "hello", "--timeout", "soon" }, 2, "--timeout" },
        { { "run", "hello", "--timeout", "1e300" }, 2, "--timeout" },
        { { "run", "hello", "--timeout", "nan" }, 2, "--timeout" },
        { { "run", "hello", "--clock", "sundial" }, 2, "--clock" },
        { { "run", "hello", "--color", "pink" }, 2, "--color" },
        { { "run", "hello", "--strategy", "emulatoin" }, 2, "did you mean 'emulation'?" },
        { { "run", "hello", "--strategy", "magic" }, 2, "there is: emulation" },
        { { "run", "hello", "--strategy", "" }, 2, "there is no strategy ''" },
        { { "run", "hello", "--switch" }, 2, "--switch" },
        { { "run", "hello", "--switch", "" }, 2, "'' is not TIME:STRATEGY" },
        { { "run", "hello", "--switch", "200ms" }, 2, "'200ms' is not TIME:STRATEGY" },
        { { "run", "hello", "--switch", "trap" }, 2, "'trap' is not TIME:STRATEGY" },
        { { "run", "hello", "--switch", "1ms:trap," }, 2, "'' is not TIME:STRATEGY" },
        { { "run", "hello", "--switch", ":trap" }, 2, "'' is no time of a run" },
        { { "run", "hello", "--switch", "200:trap" }, 2, "'200' is no time of a run" },
        { { "run", "hello", "--switch", "soon:trap" }, 2, "'soon' is no time of a run" },
        { { "run", "hello", "--switch", "-1ms:trap" }, 2, "'-1ms' is no time of a run" },
        { { "run", "hello", "--switch", "nans:trap" }, 2, "'nans' is no time of a run" },
        { { "run", "hello", "--switch", "1e3ms:trap" }, 2, "'1e3ms' is no time of a run" },
        { { "run", "hello", "--switch", "99999999999s:trap" }, 2, "'99999999999s' is no time of a run" },
        { { "run", "hello", "--switch", "1ms:\x1B[2J" }, 2, "there is no strategy '?[2J'" },
        { { "run", "hello", "--switch", "1ms:" }, 2, "there is no strategy ''" },
        { { "run", "hello", "--switch", "1ms:tarp" }, 2, "did you mean 'trap'?" },
        { { "run", "hello", "--switch", "2ms:trap,1ms:emulation" }, 2, "is not later than" },
        { { "run", "hello", "--switch", "1ms:trap,1000us:emulation" }, 2, "is not later than" },
        { { "run", "hello", "--switch", "1ms:paravirt" }, 2, "'emulation' and 'paravirt' run different guests" },
        { { "run", "hello", "--strategy", "paravirt", "--switch", "1ms:trap" }, 2, "'paravirt' and 'trap' run different guests" },
        { { "run", "hello", "--clock", "virtual", "--switch", "1ms:trap" }, 2, "'trap' has no virtual clock" },
        { { "run", "helo" }, 2, "did you mean 'hello'?" },
        { { "run", "xyzzy" }, 2, "no scenario and no file named 'xyzzy'" },
        { { "run", "" }, 2, "no scenario" },
        { { "run", "nosuch.elf" }, 65, "no scenario and no file named 'nosuch.elf'" },
        { { "run", "/nonexistent/kernel" }, 65, "/nonexistent/kernel" },
        { { "run", "/" }, 65, "/" },
        { { "run", "/dev/zero" }, 65, "/dev/zero" },
        { { "run", "hello", "--module", "/nonexistent/module" }, 65, "/nonexistent/module" },
        { { "run", "hello", "--trace", "/nonexistent/t" }, 65, "/nonexistent/t" },
        { { "run", "hello", "--json", "/nonexistent/j" }, 65, "/nonexistent/j" },
        { { "run", "hello", "--json", "/" }, 65, "Is a directory" },
        { { "run", "hello", "--json", "" }, 2, "--json" },
        { { "run", "hello", "--append", std::string(100'000, 'x') }, 2, "command line" },
        { { "trace" }, 2, "FILE" },
        { { "trace", "/nonexistent/t", "--to", "jsonl", "--output", "/tmp/o" }, 65, "/nonexistent/t" },
        { { "trace", "/dev/null", "--to", "jsonl", "--output", "/tmp/o" }, 65, "/dev/null" },
    }));
    INFO("ringside " << Catch::StringMaker<std::vector<std::string>>::convert(bad.arguments));
    auto outcome = run_program(bad.arguments);
    INFO(outcome.errors);
    CHECK(outcome.status == bad.status);
    CHECK(outcome.output.empty());
    CHECK(outcome.errors.starts_with("ringside: "));
    CHECK(outcome.errors.find(bad.says) != std::string::npos);
    CHECK(lines_of(outcome.errors) == 1);
    CHECK(outcome.errors.back() == '\n');
}

TEST_CASE("a file that is no kernel is refused with one line", "[cli]")
{
    Scratch scratch;
    auto content = GENERATE(as<std::string> {}, "", "MZ",
        "\x7F"
        "ELF",
        std::string(100'000, '\0'), "#!/bin/sh\n");
    auto file = scratch.write("kernel", content);
    auto outcome = run_program({ "run", file });
    INFO(outcome.errors);
    CHECK(outcome.status == 65);
    CHECK(outcome.output.empty());
    CHECK(lines_of(outcome.errors) == 1);
    CHECK(outcome.errors.find("kernel") != std::string::npos);
}

TEST_CASE("control characters in a name do not reach the terminal", "[cli]")
{
    auto outcome = run_program({ "run", "./no\x1B[2J\nsuch" });
    CHECK(outcome.status == 65);
    CHECK(lines_of(outcome.errors) == 1);
    CHECK(outcome.errors.find('\x1B') == std::string::npos);
}

TEST_CASE("a run that cannot start leaves no file behind", "[cli]")
{
    Scratch scratch;
    SECTION("because the guest is bad")
    {
        auto outcome
            = run_program({ "run", "/nonexistent/kernel", "--trace", scratch.path("t"), "--json", scratch.path("j") });
        CHECK(outcome.status == 65);
    }
    SECTION("because another file is impossible")
    {
        auto outcome = run_program({ "run", "hello", "--trace", scratch.path("t"), "--json", "/nonexistent/j" });
        CHECK(outcome.status == 65);
    }
    CHECK(scratch.files().empty());
}

TEST_CASE("two results do not go to the same file", "[cli]")
{
    Scratch scratch;
    auto outcome = run_program({ "run", "hello", "--trace", scratch.path("x"), "--json", scratch.path("x") });
    CHECK(outcome.status == 2);
    CHECK(outcome.output.empty());
    CHECK(lines_of(outcome.errors) == 1);
    CHECK(scratch.files().empty());
}

TEST_CASE("a run that cannot start leaves an older file as it was", "[cli]")
{
    Scratch scratch;
    auto file = scratch.write("t", "precious");
    CHECK(run_program({ "run", "/nonexistent/kernel", "--trace", file }).status == 65);
    CHECK(content_of(file) == "precious");
}

TEST_CASE("a file that may not be written is found out before the guest starts", "[cli]")
{
    if (geteuid() == 0) {
        WARN("skipped: root may write everything");
        return;
    }
    Scratch scratch;
    auto file = scratch.write("t", "precious");
    REQUIRE(chmod(file.c_str(), 0444) == 0);
    auto outcome = run_program({ "run", "hello", "--trace", file });
    CHECK(outcome.status == 65);
    CHECK(outcome.output.empty());
    CHECK(content_of(file) == "precious");
}

TEST_CASE("a trace is not exported over itself", "[cli]")
{
    Scratch scratch;
    REQUIRE(run_program({ "run", "hello", "--trace", scratch.path("t") }).status == 0);
    auto before = content_of(scratch.path("t"));
    auto outcome = run_program({ "trace", scratch.path("t"), "--to", "jsonl", "--output", scratch.path("t") });
    CHECK(outcome.status == 2);
    CHECK(content_of(scratch.path("t")) == before);
}

TEST_CASE("an unknown trace format is refused with those that exist, and nothing is written", "[cli]")
{
    Scratch scratch;
    REQUIRE(run_program({ "run", "hello", "--trace", scratch.path("t") }).status == 0);
    auto outcome = run_program({ "trace", scratch.path("t"), "--to", "xml", "--output", scratch.path("o") });
    CHECK(outcome.status == 2);
    CHECK(outcome.errors.find("chrome, jsonl, pcapng") != std::string::npos);
    CHECK(scratch.files() == std::vector<std::string> { "t" });
}
