// A session that looks at its guest.
#include "core/session/scenario.hpp"
#include "tests/catch.hpp"
#include "tests/support/guests.hpp"
#include "tests/support/running.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

using namespace ringside;
using namespace ringside::test;

namespace {

bool is_available(const std::string& strategy)
{
    auto availability = find_strategy(strategy)->probe();
    if (!availability.available)
        WARN("skipped " << strategy << ": " << availability.detail);
    return availability.available;
}

const GuestSnapshot& snapshot_of(Session& session)
{
    auto taken = session.snapshots_taken();
    session.request_snapshot();
    REQUIRE(wait_until(session, [&] { return session.snapshots_taken() > taken || session.ended(); }));
    REQUIRE(session.snapshots_taken() == taken + 1);
    return *session.snapshot();
}

}

TEST_CASE("a guest is shown before its first instruction, as the loader leaves it", "[session]")
{
    auto strategy = GENERATE(as<std::string> {}, "emulation", "trap", "rewriting");
    if (!is_available(strategy))
        return;
    auto configuration = configuration_of("spin");
    configuration.strategy = strategy;
    configuration.start_paused = true;
    auto session = start(configuration);
    REQUIRE(wait_until(*session, [&] { return session->state() == Session::State::Paused; }));
    const auto& snapshot = snapshot_of(*session);
    CHECK(snapshot.paused);
    CHECK(snapshot.strategy == strategy);
    CHECK(snapshot.cpu.gpr[Eax] == 0x2BADB002);
    CHECK(snapshot.cpu.cpl() == 0);
    CHECK(snapshot.cpu.segment(Cs).is_flat());
    CHECK(snapshot.lines.size() == 16);
    CHECK(std::ranges::any_of(snapshot.devices, [](const auto& device) { return device.name == "pic" && !device.registers.empty(); }));
    CHECK(snapshot.shadow.has_value() == (strategy != "emulation"));
}

TEST_CASE("a guest that runs is shown without being stopped, again and again", "[session]")
{
    auto strategy = GENERATE(as<std::string> {}, "emulation", "trap", "rewriting");
    auto name = GENERATE(as<std::string> {}, "spin", "sleep", "echo");
    if (!is_available(strategy))
        return;
    INFO(strategy << ", " << name);
    auto configuration = configuration_of(name);
    configuration.strategy = strategy;
    auto session = start(configuration);
    take_text(*session, 6);
    Nanoseconds before = 0;
    for (int i = 0; i < 20; ++i) {
        const auto& snapshot = snapshot_of(*session);
        CHECK_FALSE(snapshot.paused);
        CHECK(snapshot.cpu.eip >= 0x100000);
        CHECK(snapshot.cpu.eip < 0x101000);
        CHECK(snapshot.guest_time > before);
        before = snapshot.guest_time;
    }
    CHECK(session->state() == Session::State::Running);
    session->stop();
    CHECK(session->end().result.outcome == Outcome::Stopped);
}

TEST_CASE("what is mapped for a guest lies where its code and data are", "[session]")
{
    if (!is_available("trap"))
        return;
    auto configuration = configuration_of("spin");
    configuration.strategy = "trap";
    auto session = start(configuration);
    take_text(*session, 8);
    const auto& shadow = snapshot_of(*session).shadow;
    REQUIRE(shadow);
    CHECK(shadow->pages > 0);
    uint32_t page = session->snapshot()->cpu.eip / 4096;
    CHECK(std::ranges::any_of(shadow->runs, [&](const auto& run) {
        return page >= run.page && page - run.page < run.count && run.frame + (page - run.page) == page; // paging is off
    }));
}

TEST_CASE("under rewriting the block in which EIP is comes with its translation", "[session]")
{
    if (!is_available("rewriting"))
        return;
    auto configuration = configuration_of("spin");
    configuration.strategy = "rewriting";
    auto session = start(configuration);
    take_text(*session, 8);
    const auto& snapshot = snapshot_of(*session);
    REQUIRE(snapshot.code);
    REQUIRE_FALSE(snapshot.code->blocks.empty());
    for (const auto& block : snapshot.code->blocks)
        CHECK(snapshot.cpu.eip - block.address < block.source.size());
}

TEST_CASE("guest memory can be read while the guest runs, and after its end", "[session]")
{
    auto session = start("ticker");
    REQUIRE(session->memory());
    auto ticks = [&] { return session->memory()->read<uint32_t>(Gpa { 0x200000 }).value_or(0); };
    REQUIRE(wait_until(*session, [&] { return ticks() >= 10; }));
    REQUIRE(wait_for_end(*session));
    CHECK(ticks() == 150);
}

TEST_CASE("what is read of guest memory is the kernel that was loaded", "[session]")
{
    auto configuration = configuration_of("spin");
    configuration.start_paused = true;
    auto session = start(configuration);
    std::ifstream file(configuration.boot.kernel_path, std::ios::binary);
    std::vector<char> image { std::istreambuf_iterator<char> { file }, {} };
    auto loaded = std::as_const(*session->memory()).bytes(Gpa { 0x100000 }, image.size());
    REQUIRE(loaded.size() == image.size());
    CHECK(std::memcmp(loaded.data(), image.data(), image.size()) == 0);
}
