// The session's side of everything that it shares with a worker, while another process corrupts all of it: indices out of
// range, counts that change while they are read, kinds that do not exist, texts without an end.
#include "core/session/console_memory.hpp"
#include "core/session/outcome.hpp"
#include "core/session/worker_account.hpp"
#include "core/trace/recorder.hpp"
#include "core/trace/statistics.hpp"
#include "core/trace/story.hpp"
#include "core/trace/timeline.hpp"
#include "core/trace/totals.hpp"
#include "tests/catch.hpp"

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

using namespace ringside;

namespace {

using namespace std::chrono_literals;

constexpr uint32_t trace_capacity = 256;

struct Shared {
    TraceMemory trace;
    ConsoleMemory console;
    WorkerAccount account;

    static Shared create()
    {
        auto trace = TraceMemory::create(trace_capacity, TickSource::TimeStampCounter, Overflow::Drop);
        auto console = ConsoleMemory::create();
        auto account = WorkerAccount::create();
        REQUIRE((trace && console && account));
        return { std::move(*trace), std::move(*console), std::move(*account) };
    }
};

// What a worker gone wild does to the memory. It never ends by itself.
class Vandal {
public:
    Vandal(Shared& shared, unsigned seed)
        : m_shared(shared)
        , m_random(seed)
    {
    }

    [[noreturn]] void run()
    {
        for (;;) {
            damage_records();
            switch (m_random() % 4) {
            case 0:
                damage_header();
                break;
            case 1:
                damage_counters();
                break;
            case 2:
                damage_console();
                break;
            default:
                damage_account();
            }
        }
    }

private:
    uint64_t word() { return m_random() % 3 == 0 ? interesting[m_random() % std::size(interesting)] : m_random(); }

    // Without the writer's position the reader would take nothing, so it mostly looks right.
    void damage_records()
    {
        auto& block = m_shared.trace.block();
        for (int i = 0; i < 64; ++i) {
            auto* words = reinterpret_cast<uint64_t*>(&block.records()[m_random() % trace_capacity]);
            for (std::size_t at = 0; at < sizeof(EventRecord) / sizeof(uint64_t); ++at)
                words[at] = word();
            auto& record = block.records()[m_random() % trace_capacity];
            record.kind = static_cast<EventKind>(m_random() % (event_kind_count + 2));
            record.virtual_ring = static_cast<uint8_t>(m_random() % 5);
            record.real_ring = static_cast<RealRing>(m_random() % 7);
        }
        block.head.store(block.tail.load() + m_random() % (trace_capacity + 1));
    }

    void damage_header()
    {
        auto& block = m_shared.trace.block();
        block.magic = word();
        block.event_kinds = static_cast<uint32_t>(word());
        block.capacity = static_cast<uint32_t>(word());
        block.tick_source = static_cast<TickSource>(word());
        block.overflow = static_cast<Overflow>(word());
        block.ticks_per_second = word();
        block.first_instruction = word();
        block.blocks = word();
        block.dropped = word();
        block.recording = word() & 1;
    }

    void damage_counters()
    {
        auto& block = m_shared.trace.block();
        for (auto& counter : block.counters)
            counter = { word(), word(), word(), word() };
        for (auto& row : block.ring_entries) {
            for (auto& entries : row)
                entries = word();
        }
    }

    void damage_console()
    {
        for (auto* ring : { &m_shared.console.block().serial, &m_shared.console.block().debug }) {
            ring->bytes[m_random() % ConsoleRing::capacity] = static_cast<char>(m_random());
            ring->tail = word();
            ring->head = ring->head + m_random() % (2 * ConsoleRing::capacity);
        }
    }

    void damage_account()
    {
        auto& block = m_shared.account.block();
        block.refused = word();
        for (int i = 0; i < 1000; ++i)
            block.words[m_random() % AccountBlock::capacity] = static_cast<char>(m_random() | 1);
    }

    static constexpr uint64_t interesting[] = { 0, 1, 2, UINT32_MAX, uint64_t { UINT32_MAX } + 1, INT64_MAX,
        uint64_t { INT64_MAX } + 1, UINT64_MAX, UINT64_MAX - 1, trace_capacity, 1'000'000'000 };

    Shared& m_shared;
    std::mt19937_64 m_random;
};

// In a process of its own, as a worker is.
class VandalProcess {
public:
    VandalProcess(Shared& shared, unsigned seed)
        : m_process(fork())
    {
        REQUIRE(m_process >= 0);
        if (m_process == 0)
            Vandal(shared, seed).run();
    }
    ~VandalProcess()
    {
        kill(m_process, SIGKILL);
        waitpid(m_process, nullptr, 0);
    }
    VandalProcess(const VandalProcess&) = delete;
    VandalProcess& operator=(const VandalProcess&) = delete;

private:
    pid_t m_process;
};

bool is_one_line(const std::string& text)
{
    return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

}

TEST_CASE("whatever is written to a trace while it is read, only events that exist come out", "[session][trace]")
{
    auto shared = Shared::create();
    VandalProcess vandal(shared, 1);
    const Style style;
    SymbolTable symbols;
    std::size_t taken = 0;
    auto give_up = std::chrono::steady_clock::now() + 20s;
    auto enough = std::chrono::steady_clock::now() + 1s;
    while (std::chrono::steady_clock::now() < enough || (taken == 0 && std::chrono::steady_clock::now() < give_up)) {
        std::vector<EventRecord> events;
        std::size_t count = shared.trace.drain(events);
        REQUIRE(events.size() == count);
        REQUIRE(count <= trace_capacity);
        taken += count;
        auto totals = totals_of(shared.trace.block(), 12345);
        for (const auto& event : events) {
            REQUIRE(is_valid(event));
            REQUIRE(is_one_line(story_line(event, totals.scale, symbols, style)));
        }
        REQUIRE_FALSE(timeline_text(events, totals.scale, 6, style).empty());
        auto statistics = statistics_of(totals);
        REQUIRE_FALSE(statistics_text(statistics, style).empty());
        REQUIRE_FALSE(statistics_json(statistics).dump().empty());
    }
    CHECK(taken > 0);
    CHECK(shared.trace.capacity() == trace_capacity);
}

TEST_CASE("a trace whose writer's position makes no sense is given up, for good", "[session][trace]")
{
    auto shared = Shared::create();
    std::vector<EventRecord> events;
    shared.trace.block().head = UINT64_MAX;
    CHECK(shared.trace.drain(events) == 0);
    CHECK(shared.trace.damaged());
    shared.trace.block().head = 1;
    CHECK(shared.trace.drain(events) == 0);
}

TEST_CASE("whatever is written to a console while it is read, it gives no more than a ring at a time", "[session]")
{
    auto shared = Shared::create();
    VandalProcess vandal(shared, 2);
    ConsoleReader serial(shared.console.block().serial), debug(shared.console.block().debug);
    auto enough = std::chrono::steady_clock::now() + 300ms;
    while (std::chrono::steady_clock::now() < enough) {
        std::string text;
        REQUIRE(serial.available() <= ConsoleRing::capacity);
        REQUIRE(serial.take(text, SIZE_MAX) == text.size());
        REQUIRE(text.size() <= ConsoleRing::capacity);
        REQUIRE(debug.take(text, 100) <= 100);
    }
}

TEST_CASE("whatever is written to an account while it is read, lines and a number come out", "[session]")
{
    auto shared = Shared::create();
    VandalProcess vandal(shared, 3);
    auto enough = std::chrono::steady_clock::now() + 300ms;
    while (std::chrono::steady_clock::now() < enough) {
        REQUIRE(shared.account.words().size() <= AccountBlock::capacity);
        REQUIRE(is_one_line(shared.account.last_line()));
        if (auto call = shared.account.refused())
            REQUIRE(is_one_line(describe(*call)));
    }
}

TEST_CASE("no message makes a report or an error that is not one line each", "[session]")
{
    std::mt19937 random(4);
    int reports = 0;
    for (int i = 0; i < 20'000; ++i) {
        auto bytes = encode(WorkerReport { { Outcome::Failed, 1, "why" }, GuestPlace { 1, 3, true, false, "here" }, 5 });
        for (unsigned damage = random() % 4; damage > 0; --damage)
            bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        if (random() % 8 == 0)
            bytes.resize(random() % (bytes.size() + 1));
        if (auto report = decode_report(bytes)) {
            ++reports;
            REQUIRE(is_one_line(report->result.reason));
            REQUIRE((!report->place || is_one_line(describe(*report->place))));
            REQUIRE(report->result.outcome <= Outcome::Failed);
        }
        if (auto error = decode_error(bytes))
            REQUIRE(is_one_line(error->message + error->hint));
    }
    CHECK(reports > 1000);
}
