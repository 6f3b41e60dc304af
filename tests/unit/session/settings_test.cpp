#include "core/session/message.hpp"
#include "core/session/outcome.hpp"
#include "core/session/settings.hpp"

#include "tests/catch.hpp"

#include <random>
#include <sys/mman.h>

using namespace ringside;

namespace {

WorkerSettings sample()
{
    WorkerSettings settings;
    settings.strategy = "emulation";
    settings.boot = { "/k", std::string(1'000'000, 'x') + "\xFF\n\"", { { "/m1", "a b" }, { "/m2", "" } } };
    settings.memory_bytes = 64 * mebibyte;
    settings.disks = { "one.img", "" };
    settings.clock = ClockKind::Virtual;
    settings.start_paused = true;
    settings.other_strategies = { "trap", "" };
    settings.switches = { { 1, "trap" }, { never, std::string(300, 'y') } };
    settings.translations = TranslationsWanted::Counters;
    settings.strategy_options = { UserCode::Direct, TimeStampReading::Trap };
    return settings;
}

Descriptor file_of(std::span<const std::byte> bytes)
{
    Descriptor file { memfd_create("test", MFD_CLOEXEC) };
    REQUIRE(write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    return file;
}

std::vector<std::byte> random_bytes(std::mt19937& random)
{
    std::vector<std::byte> bytes(random() % 64);
    for (auto& byte : bytes)
        byte = static_cast<std::byte>(random() % 4 == 0 ? random() : random() % 4);
    return bytes;
}

}

TEST_CASE("settings reach the worker whole, however long and whatever their bytes", "[session]")
{
    auto file = write_settings(sample());
    REQUIRE(file);
    auto read = read_settings(*file);
    REQUIRE(read);
    CHECK(*read == sample());
}

TEST_CASE("settings that are cut short are an error", "[session]")
{
    auto file = write_settings(sample());
    REQUIRE(file);
    auto size = lseek(file->get(), 0, SEEK_END);
    auto shorter = GENERATE(1, 2, 9, 1000);
    REQUIRE(ftruncate(file->get(), size - shorter) == 0);
    CHECK_FALSE(read_settings(*file));
}

TEST_CASE("settings with a way to read the time-stamp counter that there is not are an error", "[session]")
{
    auto file = write_settings(sample());
    REQUIRE(file);
    auto last = lseek(file->get(), 0, SEEK_END) - 1;
    for (auto [value, known] : { std::pair { 0, true }, { 3, true }, { 4, false }, { 255, false } }) {
        auto byte = static_cast<uint8_t>(value);
        REQUIRE(pwrite(file->get(), &byte, 1, last) == 1);
        CHECK(read_settings(*file).has_value() == known);
    }
}

TEST_CASE("arbitrary bytes as settings, reports and errors are read without harm", "[session]")
{
    std::mt19937 random(20240601);
    for (int i = 0; i < 2000; ++i) {
        auto bytes = random_bytes(random);
        (void)read_settings(file_of(bytes));
        if (auto report = decode_report(bytes))
            CHECK(report->result.outcome <= Outcome::Failed);
        if (auto error = decode_error(bytes))
            CHECK(static_cast<int>(error->code) <= static_cast<int>(ExitCode::Timeout));
    }
}

TEST_CASE("a worker's report says the same at the other end", "[session]")
{
    WorkerReport report { { Outcome::TripleFault, 7, "triple fault: #PF" },
        GuestPlace { 0x1234, 3, true, false, "f+0x2" }, 99 };
    auto decoded = decode_report(encode(report));
    REQUIRE(decoded);
    CHECK(decoded->result.outcome == Outcome::TripleFault);
    CHECK(decoded->result.code == 7);
    CHECK(decoded->result.reason == report.result.reason);
    CHECK(decoded->place == report.place);
    CHECK(decoded->elapsed == 99);
    CHECK_FALSE(decoded->screen);
}

TEST_CASE("a worker's report carries the screen to its last cell", "[session]")
{
    WorkerReport report { { Outcome::Success, 0, "fine" }, std::nullopt, 0 };
    report.screen.emplace();
    report.screen->cells.front() = { 'A', 0x1F };
    report.screen->cells.back() = { 0xDB, 0x07 };
    report.screen->cursor_visible = true;
    report.screen->cursor_column = 79;
    report.screen->cursor_row = 24;
    auto bytes = encode(report);
    CHECK(bytes.size() < largest_message);
    auto decoded = decode_report(bytes);
    REQUIRE(decoded);
    REQUIRE(decoded->screen);
    CHECK(decoded->screen->at(0, 0).character == 'A');
    CHECK(decoded->screen->at(0, 0).attribute == 0x1F);
    CHECK(decoded->screen->at(79, 24).character == 0xDB);
    CHECK(decoded->screen->at(79, 24).attribute == 0x07);
    CHECK(decoded->screen->cursor_visible);
    CHECK(decoded->screen->cursor_column == 79);
    CHECK(decoded->screen->cursor_row == 24);
}

TEST_CASE("a cursor outside the screen in a worker's report is brought inside", "[session]")
{
    WorkerReport report { { Outcome::Success, 0, "fine" }, std::nullopt, 0 };
    report.screen.emplace();
    report.screen->cursor_column = 200;
    report.screen->cursor_row = 200;
    auto decoded = decode_report(encode(report));
    REQUIRE(decoded);
    CHECK(decoded->screen->cursor_column < VgaTextSnapshot::columns);
    CHECK(decoded->screen->cursor_row < VgaTextSnapshot::rows);
}

TEST_CASE("a report that is cut short, too long or of an unknown outcome is refused", "[session]")
{
    auto bytes = encode(WorkerReport { { Outcome::Success, 0, "fine" }, std::nullopt, 0 });
    REQUIRE(decode_report(bytes));
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(decode_report(std::span { bytes }.first(size)));
    auto with_screen = encode(WorkerReport { { Outcome::Success, 0, "fine" }, std::nullopt, 0, VgaTextSnapshot {} });
    CHECK_FALSE(decode_report(std::span { with_screen }.first(with_screen.size() - 1)));
    auto longer = bytes;
    longer.push_back(std::byte { 0 });
    CHECK_FALSE(decode_report(longer));
    bytes[0] = std::byte { 200 };
    CHECK_FALSE(decode_report(bytes));
}

TEST_CASE("an error of the worker keeps its code, message and hint", "[session]")
{
    auto decoded = decode_error(encode(Error { ExitCode::BadImage, "k.elf: not Multiboot", "try another" }));
    REQUIRE(decoded);
    CHECK(decoded->code == ExitCode::BadImage);
    CHECK(decoded->message == "k.elf: not Multiboot");
    CHECK(decoded->hint == "try another");
    CHECK_FALSE(decode_error(encode(Error { static_cast<ExitCode>(3), "m", "" })));
}

TEST_CASE("a worker's words become one line of bounded length", "[session]")
{
    CHECK(one_line("a\nb\x1B[2Jc\x7F") == "a?b?[2Jc?");
    CHECK(one_line(std::string(1'000'000, 'x')).size() <= 2000);
}

TEST_CASE("a place names the ring and whether interrupts are on", "[session]")
{
    CHECK(describe(GuestPlace { 0x101234, 0, false, false, "loop+0x4" })
        == "eip 0x00101234 (loop+0x4), ring 0, interrupts off");
    CHECK(describe(GuestPlace { 0x10, 3, true, true, "" }) == "eip 0x00000010, ring 3, interrupts on, halted");
}

TEST_CASE("how a session ended decides the exit code", "[session]")
{
    auto code = [](SessionEnd::Cause cause, Outcome outcome) {
        return exit_code(SessionEnd { cause, { outcome, 0, "" }, {}, 0, 0 });
    };
    CHECK(code(SessionEnd::Cause::Guest, Outcome::Success) == ExitCode::Success);
    CHECK(code(SessionEnd::Cause::Guest, Outcome::GuestFailed) == ExitCode::GuestFailed);
    CHECK(code(SessionEnd::Cause::Guest, Outcome::TripleFault) == ExitCode::GuestFailed);
    CHECK(code(SessionEnd::Cause::Timeout, Outcome::Stopped) == ExitCode::Timeout);
    CHECK(code(SessionEnd::Cause::Died, Outcome::Failed) == ExitCode::Internal);
}
