#include "tests/catch.hpp"
#include "tests/support/command.hpp"

#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

using namespace ringside::test;

namespace {

bool rewriting_is_available()
{
    bool available = false;
    auto list = nlohmann::json::parse(run_program({ "strategies", "--json" }).output, nullptr, false);
    for (const auto& strategy : list) {
        if (strategy["name"] == "rewriting")
            available = strategy["available"];
    }
    if (!available)
        WARN("rewriting is not available here");
    return available;
}

nlohmann::json disassembly_of(std::vector<std::string> arguments)
{
    Scratch scratch;
    arguments.insert(arguments.begin(), "disasm");
    arguments.insert(arguments.end(), { "--json", scratch.path("json") });
    auto outcome = run_program(arguments);
    INFO(outcome.errors);
    REQUIRE(outcome.status == 0);
    return nlohmann::json::parse(content_of(scratch.path("json")), nullptr, false);
}

}

TEST_CASE("a disassembly is text of at most 80 columns, without color and without the guest's console", "[cli][disasm]")
{
    if (!rewriting_is_available())
        return;
    auto outcome = run_program({ "disasm", "hello", "--all" });
    CHECK(outcome.status == 0);
    CHECK(outcome.errors.empty());
    CHECK(widest_line(outcome.output) <= 80);
    CHECK(outcome.output.find('\x1B') == std::string::npos);
    CHECK(outcome.output.find("boot_entry  ring 0, ") != std::string::npos);
    CHECK(outcome.output.find("\n  0010000c  cli                         +") != std::string::npos);
    CHECK(outcome.output.find("    inline: ") != std::string::npos);
    CHECK(outcome.output.find("    callout: ") != std::string::npos);
    CHECK(outcome.output.find("ring 3, ") != std::string::npos);
    CHECK(run_program({ "--color", "always", "disasm", "hello" }).output.find('\x1B') != std::string::npos);
}

TEST_CASE("without --all the first blocks are shown, and how many more there are", "[cli][disasm]")
{
    if (!rewriting_is_available())
        return;
    auto json = disassembly_of({ "hello" });
    CHECK(json["blocks"].size() == 8);
    CHECK(json["blocks"][0]["symbol"] == "boot_entry");
    auto all = disassembly_of({ "hello", "--all" });
    CHECK(all["left_out"] == 0);
    CHECK(all["blocks"].size() > 100);
}

TEST_CASE("the counters add up, and say that most instructions stay as they are", "[cli][disasm]")
{
    if (!rewriting_is_available())
        return;
    auto counters = disassembly_of({ "hello" })["counters"];
    uint64_t instructions = 0;
    for (const auto& count : counters["treatments"])
        instructions += count.get<uint64_t>();
    CHECK(instructions == counters["instructions"]);
    CHECK(counters["treatments"]["identical"].get<double>() > 0.6 * static_cast<double>(instructions));
    CHECK(counters["host_bytes"] > counters["source_bytes"]);
    CHECK(counters["links"] > 0);
}

TEST_CASE("a block is found by each of its instructions' addresses and by its symbol", "[cli][disasm]")
{
    if (!rewriting_is_available())
        return;
    auto by_symbol = disassembly_of({ "holes", "--block", "probe_popf" });
    REQUIRE(by_symbol["blocks"].size() == 1);
    const auto& block = by_symbol["blocks"][0];
    CHECK(block["symbol"] == "probe_popf");
    for (const auto& pair : block["code"]) {
        if (!pair.contains("address"))
            continue;
        CHECK_FALSE(pair["host"].empty());
        CHECK_FALSE(pair["reason"].get<std::string>().empty());
    }
    char hexadecimal[16];
    std::snprintf(hexadecimal, sizeof hexadecimal, "0x%x", block["address"].get<uint32_t>() + 1);
    auto by_address = disassembly_of({ "holes", "--block", hexadecimal });
    REQUIRE_FALSE(by_address["blocks"].empty());
    CHECK(by_address["blocks"][0]["address"] == block["address"]);
}

TEST_CASE("what cannot be disassembled is one line and a documented exit code", "[cli][disasm]")
{
    Scratch scratch;
    std::vector<std::pair<std::vector<std::string>, int>> cases {
        { { "disasm", "helo" }, 2 },
        { { "disasm" }, 2 },
        { { "disasm", "hello", "--timeout", "0" }, 2 },
        { { "disasm", "/nonexistent/kernel" }, 65 },
        { { "disasm", scratch.write("nothing", "no kernel at all") }, 65 },
        { { "disasm", "hello", "--json", "/nonexistent/file" }, 65 },
    };
    if (rewriting_is_available()) {
        cases.push_back({ { "disasm", "hello", "--block", "5" }, 2 });
        cases.push_back({ { "disasm", "hello", "--block", "boot_entri" }, 2 });
    }
    for (const auto& [arguments, status] : cases) {
        auto outcome = run_program(arguments);
        INFO(arguments.back() << ": " << outcome.errors);
        CHECK(outcome.status == status);
        CHECK(lines_of(outcome.errors) == 1);
        CHECK(outcome.output.empty());
    }
}

TEST_CASE("where rewriting is not available, its disassembly is not either", "[cli][disasm]")
{
    // Its guest needs 4 GiB of addresses.
    rlimit before {};
    REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
    rlimit less { 3'000'000'000, before.rlim_max };
    REQUIRE(setrlimit(RLIMIT_AS, &less) == 0);
    auto outcome = run_program({ "disasm", "hello" });
    REQUIRE(setrlimit(RLIMIT_AS, &before) == 0);
    CHECK(outcome.status == 69);
    CHECK(lines_of(outcome.errors) == 1);
    CHECK(outcome.output.empty());
}

TEST_CASE("a guest that does not end is stopped, and what it has run is shown", "[cli][disasm]")
{
    if (!rewriting_is_available())
        return;
    Scratch scratch;
    // Multiboot header with address fields, then a jump to itself.
    const uint32_t header[8] { 0x1BADB002, 0x10000, 0u - 0x1BADB002 - 0x10000, 0x100000, 0x100000, 0, 0, 0x100020 };
    auto kernel = scratch.write("kernel", std::string(reinterpret_cast<const char*>(header), sizeof header) + "\xEB\xFE");
    auto outcome = run_program({ "disasm", kernel, "--timeout", "0.3" });
    CHECK(outcome.status == 0);
    CHECK(outcome.output.find("jmp 0x00100020") != std::string::npos);
    CHECK(outcome.output.find("jmp +01b") != std::string::npos); // linked to itself
}
