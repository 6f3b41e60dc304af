// `--disk`: images on the command line, seen by a paravirtual guest.
#include "core/machine/strategy.hpp"
#include "tests/catch.hpp"
#include "tests/support/command.hpp"

#include <fmt/format.h>
#include <string>
#include <vector>

using namespace ringside;
using namespace ringside::test;

namespace {

bool paravirt_is_available()
{
    return find_strategy("paravirt")->probe().available;
}

ProgramEnd run_with(std::vector<std::string> more)
{
    std::vector<std::string> arguments { "run", "hello", "--strategy", "paravirt", "--quiet" };
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
}

}

TEST_CASE("a guest writes its disks, and what it wrote is in the files", "[cli]")
{
    if (!paravirt_is_available())
        return;
    Scratch scratch;
    auto first = scratch.write("first.img", std::string(16 * 512, 'a'));
    auto second = scratch.write("second.img", std::string(512, 'b'));
    auto end = run_with({ "--append", "run=disk", "--disk", first, "--disk", second });
    INFO(end.errors);
    CHECK(end.status == 0);
    CHECK(end.output == "disk: 0 has 16 sectors\ndisk: 1 has 1 sectors\ndisk: 2 disks: ok\n");
    auto text = content_of(first);
    CHECK(text.substr(0, 12 * 512) == std::string(12 * 512, 'a'));
    CHECK(text.substr(12 * 512, 3) == std::string({ '\0', '\7', '\16' }));
    CHECK(content_of(second)[1] == '\10');
}

TEST_CASE("a guest without disks has none", "[cli]")
{
    if (!paravirt_is_available())
        return;
    CHECK(run_with({ "--append", "run=disk" }).output == "disk: 0 disks: ok\n");
}

TEST_CASE("a disk that cannot be one is told before the guest starts", "[cli]")
{
    if (!paravirt_is_available())
        return;
    Scratch scratch;
    auto odd = scratch.write("odd.img", "not a whole sector");
    for (const auto& [path, says] : std::vector<std::pair<std::string, std::string>> {
             { odd, "18 bytes are not a whole number of sectors" },
             { scratch.path("none.img"), "No such file" },
             { scratch.write("empty.img", ""), "empty" },
             { "/dev/zero", "not a regular file" },
         }) {
        auto end = run_with({ "--disk", path });
        INFO(end.errors);
        CHECK(end.status == 65);
        CHECK(end.output.empty());
        CHECK(end.errors.find(says) != std::string::npos);
        CHECK(end.errors.find(path) != std::string::npos);
        CHECK(lines_of(end.errors) <= 2);
    }
}

TEST_CASE("a strategy that shows no disks says so", "[cli]")
{
    Scratch scratch;
    auto image = scratch.write("disk.img", std::string(512, 'a'));
    auto end = run_program({ "run", "hello", "--strategy", "emulation", "--disk", image });
    CHECK(end.status == 2);
    CHECK(end.errors.find("shows no disks") != std::string::npos);
}
