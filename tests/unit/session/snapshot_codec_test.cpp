#include "core/session/snapshot_codec.hpp"
#include "tests/catch.hpp"

#include <random>

using namespace ringside;

namespace {

GuestSnapshot sample()
{
    GuestSnapshot snapshot;
    snapshot.cpu = multiboot_entry_state(0x100000, 0x9000);
    snapshot.cpu.gpr[Edi] = 0x12345678;
    snapshot.cpu.cr3 = 0x5000;
    snapshot.cpu.dr[7] = 0x401;
    snapshot.cpu.msrs.pat = 0x0102030405060708;
    snapshot.cpu.fxsave[100] = std::byte { 7 };
    snapshot.cpu.halted = true;
    snapshot.strategy = "trap";
    snapshot.guest_time = 123456;
    snapshot.ticks = 999;
    snapshot.nmi_pending = true;
    snapshot.lines = { { 0, true, true, false, false, true }, { 4, false, false, true, true, false } };
    snapshot.devices = { { "pic", { { "IRR", 3, 8, "requested" }, { "base", 0xFEE00900, 64, "" } } }, { "vga", {} } };
    snapshot.screen.cells[81] = { 'R', 0x1E };
    snapshot.screen.cursor_visible = true;
    snapshot.screen.cursor_column = 79;
    snapshot.screen.cursor_row = 24;
    snapshot.shadow = ShadowMapping { { { 0x100, 0x200, 3, true, false, true, false }, { 0x200, 0x10, 1, false, true, false, true } }, 4 };
    return snapshot;
}

std::vector<std::byte> with_shadow(ShadowMapping shadow)
{
    auto snapshot = sample();
    snapshot.shadow = std::move(shadow);
    return encode(snapshot);
}

}

TEST_CASE("a snapshot comes through as it was", "[snapshot]")
{
    auto before = sample();
    auto after = decode_snapshot(encode(before));
    REQUIRE(after);
    CHECK(after->cpu == before.cpu);
    CHECK(after->strategy == "trap");
    CHECK(after->guest_time == 123456);
    CHECK(after->ticks == 999);
    CHECK(after->nmi_pending);
    CHECK_FALSE(after->interrupt_pending);
    CHECK(after->lines == before.lines);
    CHECK(after->screen.at(1, 1).character == 'R');
    CHECK(after->screen.at(1, 1).attribute == 0x1E);
    CHECK(after->screen.cursor_visible);
    CHECK(after->screen.cursor_column == 79);
    CHECK(after->screen.cursor_row == 24);
    CHECK(after->shadow == before.shadow);
    REQUIRE(after->devices.size() == 2);
    CHECK(after->devices[0].registers[1].name == "base");
    CHECK(after->devices[0].registers[1].value == 0xFEE00900);
    CHECK(after->devices[0].registers[1].bits == 64);
    CHECK_FALSE(after->code);
}

TEST_CASE("the code of a snapshot comes through", "[snapshot]")
{
    auto before = sample();
    before.code.emplace();
    before.code->treatments = { "identical" };
    before.code->by_treatment = { 1 };
    before.code->reasons = { "why" };
    before.code->blocks.push_back({ 0x100000, 0x80000000, 0, true, 0, 1, { 0x90 }, { 0x90 }, { { 0, 0, 1, 0, 0 } } });
    auto after = decode_snapshot(encode(before));
    REQUIRE(after);
    CHECK(after->code == before.code);
}

TEST_CASE("a snapshot that is cut short, or too long, is none", "[snapshot]")
{
    auto bytes = encode(sample());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        REQUIRE_FALSE(decode_snapshot(std::span { bytes }.first(size)));
    bytes.push_back(std::byte { 0 });
    CHECK_FALSE(decode_snapshot(bytes));
    CHECK_FALSE(decode_snapshot(std::vector<std::byte>(longest_snapshot + 1)));
}

TEST_CASE("whatever is damaged in a snapshot, what is decoded can be used", "[snapshot]")
{
    auto whole = encode(sample());
    std::mt19937 random(1);
    for (int round = 0; round < 20000; ++round) {
        auto bytes = whole;
        for (int i = 0; i < 3; ++i)
            bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        auto snapshot = decode_snapshot(bytes);
        if (!snapshot)
            continue;
        uint64_t next = 0;
        for (const auto& run : snapshot->shadow ? snapshot->shadow->runs : std::vector<MappedRun> {}) {
            REQUIRE(run.page >= next);
            next = uint64_t { run.page } + run.count;
            REQUIRE(next <= 1u << 20);
        }
        for (const auto& device : snapshot->devices) {
            for (const auto& row : device.registers)
                REQUIRE((row.bits >= 1 && row.bits <= 64));
        }
    }
}

TEST_CASE("mappings that overlap, go backwards or leave the address space are refused", "[snapshot]")
{
    auto run = [](uint32_t page, uint32_t frame, uint32_t count) { return MappedRun { page, frame, count }; };
    CHECK(decode_snapshot(with_shadow({ { run(1, 1, 1), run(2, 2, 1) }, 2 })));
    CHECK_FALSE(decode_snapshot(with_shadow({ { run(1, 1, 2), run(2, 2, 1) }, 3 })));
    CHECK_FALSE(decode_snapshot(with_shadow({ { run(2, 1, 1), run(1, 2, 1) }, 2 })));
    CHECK_FALSE(decode_snapshot(with_shadow({ { run(0xFFFFF, 1, 2) }, 2 })));
    CHECK_FALSE(decode_snapshot(with_shadow({ { run(1, 0xFFFFFFFF, 2) }, 2 })));
    CHECK_FALSE(decode_snapshot(with_shadow({ { run(1, 1, 0) }, 2 })));
    CHECK_FALSE(decode_snapshot(with_shadow({ { run(1, 1, 5) }, 2 })));
}

TEST_CASE("control characters in a snapshot's texts do not reach a terminal", "[snapshot]")
{
    auto snapshot = sample();
    snapshot.devices[0].name = "a\x1B[1mb";
    auto after = decode_snapshot(encode(snapshot));
    REQUIRE(after);
    CHECK(after->devices[0].name == "a?[1mb");
}
