#include "core/session/near_match.hpp"
#include "core/session/scenario.hpp"

#include "tests/catch.hpp"

#include <cstdlib>
#include <fstream>

using namespace ringside;

namespace {

constexpr const char* complete = R"(name = "demo"
title = "A title"
kernel = "k.elf"
modules = ["a.elf", "b.elf one two"]
append = "run=x"
memory = 64
timeout = 7
outcome = "triple-fault"
reason = "#PF"
)";

Result<Scenario> parse(std::string_view text)
{
    return parse_scenario(text, "/s/demo.toml", "/g");
}

std::string complaint(std::string_view text)
{
    auto scenario = parse(text);
    REQUIRE_FALSE(scenario);
    CHECK(scenario.error().code == ExitCode::BadImage);
    CHECK(scenario.error().message.find('\n') == std::string::npos);
    return scenario.error().message;
}

std::string minimal_with(const std::string& more)
{
    return "name = \"demo\"\ntitle = \"t\"\nkernel = \"k\"\n" + more;
}

class TemporaryDirectory {
public:
    TemporaryDirectory()
    {
        char name[] = "/tmp/ringside-test-XXXXXX";
        REQUIRE(mkdtemp(name));
        m_path = name;
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(m_path); }
    const std::filesystem::path& path() const { return m_path; }
    void write(const std::string& name, std::string_view text) const { std::ofstream(m_path / name) << text; }

private:
    std::filesystem::path m_path;
};

}

TEST_CASE("a scenario file says what to run and what to expect", "[session]")
{
    auto scenario = parse(complete);
    REQUIRE(scenario);
    CHECK(scenario->name == "demo");
    CHECK(scenario->title == "A title");
    CHECK(scenario->boot.kernel_path == "/g/k.elf");
    CHECK(scenario->boot.command_line == "run=x");
    REQUIRE(scenario->boot.modules.size() == 2);
    CHECK(scenario->boot.modules[0].path == "/g/a.elf");
    CHECK(scenario->boot.modules[1].path == "/g/b.elf");
    CHECK(scenario->boot.modules[1].command_line == "one two");
    CHECK(scenario->memory_mebibytes == 64);
    CHECK(scenario->timeout_seconds == 7);
    CHECK(scenario->ending.outcome == ExpectedOutcome::TripleFault);
    CHECK(scenario->ending.reason == "#PF");
    CHECK(scenario->ending.console == "/s/demo.expected");
}

TEST_CASE("what a scenario leaves out has its default", "[session]")
{
    auto scenario = parse(minimal_with(""));
    REQUIRE(scenario);
    CHECK(scenario->memory_mebibytes == 32);
    CHECK(scenario->timeout_seconds == 0);
    CHECK(scenario->ending.outcome == ExpectedOutcome::Success);
    CHECK(scenario->boot.modules.empty());
}

TEST_CASE("a scenario may name a second kernel, for strategies whose guests are paravirtual", "[session]")
{
    auto both = parse(minimal_with("paravirtual_kernel = \"k-pv.elf\"\nmodules = [\"a.elf\"]\n"));
    REQUIRE(both);
    CHECK(both->boot_for(GuestKind::Unmodified).value().kernel_path == both->boot.kernel_path);
    auto ported = both->boot_for(GuestKind::Paravirtual);
    REQUIRE(ported);
    CHECK(ported->kernel_path == "/g/k-pv.elf");
    CHECK(ported->modules.size() == 1);

    auto one = parse(minimal_with(""));
    REQUIRE(one);
    CHECK(one->boot_for(GuestKind::Unmodified));
    auto refused = one->boot_for(GuestKind::Paravirtual);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ExitCode::Usage);
    CHECK(refused.error().message.find("'demo' has no paravirtual kernel") != std::string::npos);
}

TEST_CASE("a bad scenario is refused with file, line and what is wrong", "[session]")
{
    CHECK(complaint("name = \"demo\"\ntitle = oops\n").starts_with("/s/demo.toml:2: "));
    CHECK(complaint(minimal_with("memroy = 3\n")) == "/s/demo.toml:4: unknown key 'memroy'; did you mean 'memory'?");
    CHECK(complaint(minimal_with("memory = \"3\"\n"))
        == "/s/demo.toml:4: 'memory' must be a whole number of MiB from 2 to 3584");
    CHECK(complaint(minimal_with("memory = 0\n"))
        == "/s/demo.toml:4: 'memory' must be a whole number of MiB from 2 to 3584");
    CHECK(complaint(minimal_with("memory = 32.5\n")).starts_with("/s/demo.toml:4: 'memory' must be"));
    CHECK(complaint(minimal_with("timeout = -1\n")).starts_with("/s/demo.toml:4: 'timeout' must be"));
    CHECK(complaint(minimal_with("append = 3\n")) == "/s/demo.toml:4: 'append' must be a text");
    CHECK(complaint(minimal_with("modules = \"a\"\n")) == "/s/demo.toml:4: 'modules' must be a list of texts");
    CHECK(complaint(minimal_with("modules = [1]\n")) == "/s/demo.toml:4: 'modules' must be a list of texts");
    CHECK(complaint(minimal_with("outcome = \"good\"\n"))
        == "/s/demo.toml:4: 'outcome' must be one of success, failure, triple-fault, timeout");
    CHECK(complaint("name = \"demo\"\ntitle = \"t\"\n") == "/s/demo.toml: 'kernel' is missing");
    CHECK(
        complaint("name = \"other\"\ntitle = \"t\"\nkernel = \"k\"\n") == "/s/demo.toml:1: 'name' must be the file's");
}

TEST_CASE("a guest is a scenario's name or a file's path", "[session]")
{
    TemporaryDirectory directory;
    directory.write("demo.toml", complete);
    ScenarioLibrary library(directory.path(), "/g");

    CHECK(library.names() == std::vector<std::string> { "demo" });
    auto by_name = library.find_guest("demo");
    REQUIRE(by_name);
    CHECK(by_name->boot.kernel_path == "/g/k.elf");

    auto by_path = library.find_guest("/nowhere/kernel.elf");
    REQUIRE(by_path);
    CHECK(by_path->boot.kernel_path == "/nowhere/kernel.elf");
    CHECK(by_path->name == "kernel.elf");
    // Whoever names a kernel by its path knows what kind it is.
    CHECK(by_path->boot_for(GuestKind::Paravirtual).value().kernel_path == "/nowhere/kernel.elf");
}

TEST_CASE("an unknown guest is refused with the nearest name", "[session]")
{
    TemporaryDirectory directory;
    directory.write("demo.toml", complete);
    ScenarioLibrary library(directory.path(), "/g");

    auto misspelled = library.find_guest("dmeo");
    REQUIRE_FALSE(misspelled);
    CHECK(misspelled.error().code == ExitCode::Usage);
    CHECK(misspelled.error().hint == "did you mean 'demo'?");
    auto file = library.find_guest("kernel.elf");
    REQUIRE_FALSE(file);
    CHECK(file.error().code == ExitCode::BadImage);
    CHECK_FALSE(library.find_guest(""));
    CHECK_FALSE(library.find_guest(".."));
    CHECK_FALSE(library.find_guest("a\nb").error().message.find('\n') != std::string::npos);
}

TEST_CASE("a library without a directory is empty", "[session]")
{
    ScenarioLibrary library("/nonexistent", "/nonexistent");
    CHECK(library.names().empty());
    CHECK(library.find_guest("hello").error().hint == "there are no scenarios in /nonexistent");
}

TEST_CASE("the nearest name is found among slips, and none among strangers", "[session]")
{
    std::vector<std::string> names { "emulation", "trap", "hello" };
    CHECK(nearest("emulatoin", names) == "emulation");
    CHECK(nearest("emu", names) == "emulation");
    CHECK(nearest("helo", names) == "hello");
    CHECK(nearest("xyzzy", names).empty());
    CHECK(nearest("", names).empty());
    CHECK(nearest(std::string(100'000, 'a'), names).empty());
}
