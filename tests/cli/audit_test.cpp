#include "tests/catch.hpp"
#include "tests/support/command.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

using namespace ringside::test;

namespace {

std::string guest_file(const std::string& name)
{
    const char* guests = std::getenv("RINGSIDE_GUESTS");
    return std::string(guests ? guests : RINGSIDE_SOURCE_DIR "/build/release/guests") + "/" + name;
}

nlohmann::json audit_of(const std::string& guest)
{
    Scratch scratch;
    auto outcome = run_program({ "audit", guest, "--json", scratch.path("json") });
    REQUIRE(outcome.status == 0);
    return nlohmann::json::parse(content_of(scratch.path("json")), nullptr, false);
}

using Sites = std::set<std::pair<uint32_t, std::string>>; // address and name

Sites audited_sites(const nlohmann::json& audit)
{
    Sites sites;
    for (const auto& kind : audit["sensitive"]) {
        for (const auto& site : kind["sites"])
            sites.emplace(site["address"].get<uint32_t>(), kind["name"].get<std::string>());
    }
    return sites;
}

// What objdump's words mean in the table of core/x86/instruction_classes.inc.
std::string name_of(const std::string& instruction)
{
    static const std::vector<std::pair<std::regex, std::string>> names = [] {
        std::vector<std::pair<std::regex, std::string>> list;
        for (const char* plain : { "sgdt", "sidt", "sldt", "smsw", "pushf", "popf", "lar", "lsl", "verr", "verw", "str",
                 "iret", "cpuid", "rdtsc", "rdtscp", "sysenter", "syscall", "xgetbv", "into", "int3", "int1" }) {
            std::string upper;
            for (const char* c = plain; *c; ++c)
                upper += static_cast<char>(std::toupper(*c));
            list.emplace_back(std::regex(std::string(plain) + "[wl]?( .*)?"), upper);
        }
        list.emplace_back(std::regex("int +.*"), "INT n");
        list.emplace_back(std::regex("ljmp.*"), "JMP far");
        list.emplace_back(std::regex("lcall.*"), "CALL far");
        list.emplace_back(std::regex("lret.*"), "RET far");
        list.emplace_back(std::regex("mov[wl]? +(%[c-gs]s,.*|.*,%[c-gs]s)"), "MOV Sreg");
        list.emplace_back(std::regex("push[wl]? +%[c-gs]s"), "PUSH Sreg");
        list.emplace_back(std::regex("pop[wl]? +%[c-gs]s"), "POP Sreg");
        return list;
    }();
    for (const auto& [pattern, name] : names) {
        if (std::regex_match(instruction, pattern))
            return name;
    }
    return "";
}

// binutils, which comes with the compiler, has a disassembler of its own.
Sites disassembled_sites(const std::string& file)
{
    auto command = "objdump -d --no-show-raw-insn '" + file + "'";
    auto close = [](std::FILE* opened) { pclose(opened); };
    std::unique_ptr<std::FILE, decltype(close)> pipe(popen(command.c_str(), "r"));
    REQUIRE(pipe);
    Sites sites;
    std::array<char, 512> line;
    while (std::fgets(line.data(), line.size(), pipe.get())) {
        std::string text = line.data();
        text.resize(text.find_last_not_of(" \n") + 1);
        auto colon = text.find(":\t");
        if (colon == std::string::npos)
            continue;
        if (auto name = name_of(text.substr(colon + 2)); !name.empty())
            sites.emplace(static_cast<uint32_t>(std::strtoul(text.c_str(), nullptr, 16)), name);
    }
    return sites;
}

bool is_breakpoint(const std::pair<uint32_t, std::string>& site)
{
    return site.second == "INT3";
}

}

TEST_CASE("the audit of bantam and its programs lists what a disassembler lists", "[cli][audit]")
{
    auto file = GENERATE(as<std::string> {}, "bantam.elf", "hello.elf", "holes.elf");
    INFO(file);
    auto audited = audited_sites(audit_of(guest_file(file)));
    auto listed = disassembled_sites(guest_file(file));
    REQUIRE(listed.size() > 0);
    // INT3 is padding too, which the disassembler does not tell apart; no breakpoint may be made up.
    for (const auto& site : audited)
        CHECK((listed.contains(site) || !is_breakpoint(site)));
    std::erase_if(audited, is_breakpoint);
    std::erase_if(listed, is_breakpoint);
    CHECK(audited == listed);
}

TEST_CASE("the audit finds every probe of holes, with its symbol and its reason", "[cli][audit]")
{
    auto audit = audit_of("holes");
    std::set<std::string> symbols, names;
    for (const auto& kind : audit["sensitive"]) {
        CHECK_FALSE(kind["effect"].get<std::string>().empty());
        if (kind["robin_irvine"])
            names.insert(kind["name"]);
        for (const auto& site : kind["sites"])
            symbols.insert(site["symbol"].get<std::string>().substr(0, site["symbol"].get<std::string>().find('+')));
    }
    CHECK(names.size() == 18); // all of them
    for (const char* probe : { "probe_sgdt", "probe_sidt", "probe_sldt", "probe_smsw", "probe_str", "probe_pushf",
             "probe_popf", "probe_lar", "probe_lsl", "probe_verr_verw", "probe_push", "probe_pop", "probe_mov",
             "probe_call", "probe_jmp", "probe_int", "probe_ret" }) {
        INFO(probe);
        CHECK(symbols.contains(probe));
    }
    CHECK(audit["privileged"].size() > 5);
    CHECK(audit["instructions"].get<uint64_t>() > 1000);
}

TEST_CASE("an audit is text of at most 80 columns, without color in a pipe", "[cli][audit]")
{
    auto outcome = run_program({ "audit", "holes" });
    CHECK(outcome.status == 0);
    CHECK(outcome.errors.empty());
    CHECK(widest_line(outcome.output) <= 80);
    CHECK(outcome.output.find('\x1B') == std::string::npos);
    CHECK(outcome.output.find("\nPOPF  ") < outcome.output.rfind("probe_popf+"));
    CHECK(run_program({ "--color", "always", "audit", "holes" }).output.find('\x1B') != std::string::npos);
}

TEST_CASE("a clean kernel is told so, and a long symbol does not break the table", "[cli][audit]")
{
    Scratch scratch;
    // A flat image: Multiboot header with address fields, then `nop; hlt`.
    const std::array<uint32_t, 8> header { 0x1BADB002, 0x10000, 0u - 0x1BADB002 - 0x10000, 0x100000, 0x100000, 0, 0, 0x100020 };
    std::string image(reinterpret_cast<const char*>(header.data()), sizeof header);
    auto clean = scratch.write("clean", image + "\x90\xF4");
    auto outcome = run_program({ "audit", clean });
    CHECK(outcome.status == 0);
    CHECK(outcome.output.find("sees\neverything") != std::string::npos);
    CHECK(outcome.output.find("HLT 1") != std::string::npos);
}

TEST_CASE("what cannot be audited is one line and a documented exit code", "[cli][audit]")
{
    Scratch scratch;
    auto nothing = scratch.write("nothing", "no kernel at all");
    for (const auto& [arguments, status] : std::vector<std::pair<std::vector<std::string>, int>> {
             { { "audit", nothing }, 65 },
             { { "audit", "/nonexistent/kernel" }, 65 },
             { { "audit", "hollow" }, 2 },
             { { "audit" }, 2 },
             { { "audit", "holes", "--json", "/nonexistent/file" }, 65 },
         }) {
        auto outcome = run_program(arguments);
        INFO(outcome.errors);
        CHECK(outcome.status == status);
        CHECK(lines_of(outcome.errors) == 1);
        CHECK(outcome.output.empty());
    }
}
