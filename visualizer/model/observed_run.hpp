// ObservedRun: one VM as the panels see it. A guest in a worker of its own, a trace file, or (for tests) a run that a test
// makes up: all look the same.
//
//             live                          file                    fake
//   events    drained while it runs         read block by block     what add() was given
//   state     the session's                 Ended                   what set() says
//   status    running, paused, how it       what was lost, if the   what set() says
//             ended, what killed it         file is damaged
//   commands  carried out                   refused, in words       noted in commands()
//
// poll() is called once a frame and takes a bounded time. Used by one thread.
#pragma once

#include "core/machine/kernel_symbols.hpp"
#include "core/session/session.hpp"
#include "core/trace/totals.hpp"
#include "core/trace/trace_file.hpp"
#include "visualizer/model/event_store.hpp"
#include "visualizer/model/playback_cursor.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::visualizer {

class ObservedRun {
public:
    enum class Kind : uint8_t { Live, File, Fake };
    using State = Session::State;

    static constexpr auto longest_poll = std::chrono::milliseconds { 2 };
    static constexpr auto longest_reading = std::chrono::milliseconds { 25 }; // while a file is being opened
    static constexpr uint64_t most_live_events = 16'000'000; // then the store begins anew, and status() says so
    static constexpr std::size_t most_console = 256 * 1024;  // bytes; the newest are kept
    static constexpr int worker_priority = 10;               // nice(2): the window comes first

    // Records from the guest's first instruction on, whatever the configuration says.
    static Result<std::unique_ptr<ObservedRun>> live(SessionConfiguration configuration);
    // An Error unless the file's header is whole. Its events come with poll().
    static Result<std::unique_ptr<ObservedRun>> from_file(const std::string& path);
    static std::unique_ptr<ObservedRun> fake(std::string name, std::string strategy);
    ~ObservedRun();

    void poll();

    Kind kind() const { return m_kind; }
    State state() const { return m_state; }
    bool loading() const { return m_reader.has_value(); } // of a file: there is more to come
    const std::string& name() const { return m_name; }
    const std::string& strategy() const { return m_strategy; }
    // One line for people: "running", "paused", how it ended, why the worker died, what of a file was lost.
    const std::string& status() const { return m_status; }
    bool failed() const { return m_failed; } // it died, ended badly, or its file is damaged
    // Once a live run has ended.
    const SessionEnd* end() const { return m_session && m_session->ended() ? &m_session->end() : nullptr; }
    pid_t worker() const { return m_session && !m_session->ended() ? m_session->worker() : -1; }

    const EventStore& events() const { return *m_events; }
    uint64_t let_go() const { return m_let_go; } // events that are no longer in the store
    // Of a file: once it is read. One whose end is missing is counted.
    const TraceTotals& totals() const { return m_totals; }
    const SymbolTable& symbols() const { return m_symbols; }
    const std::string& console() const { return m_console; }       // COM1
    const std::string& debug_output() const { return m_debug; }    // port 0xE9
    uint64_t output_taken() const { return m_output_taken; }       // grows when one of them has changed

    // The newest snapshot and the one before it. One is taken whenever the guest has paused, and, while it runs, as often as
    // want_snapshots() says.
    const std::optional<GuestSnapshot>& snapshot() const { return m_snapshot; }
    const std::optional<GuestSnapshot>& earlier_snapshot() const { return m_earlier; }
    uint64_t snapshots_taken() const { return m_snapshots_taken; }
    // Of a run that has ended: keeps the snapshots and the memory, and nothing else that is large.
    void let_events_go();
    void want_snapshots(std::optional<std::chrono::milliseconds> interval) { m_snapshot_interval = interval; }
    // Null: there is none to look at. See Session::memory().
    GuestMemory* memory() { return m_session ? m_session->memory() : m_fake_memory; }

    // Slow motion over what has been recorded; the window tells it how much time has passed.
    PlaybackCursor& playback() { return m_playback; }
    const PlaybackCursor& playback() const { return m_playback; }

    // Commands: Usage errors where they make no sense. A step of a guest that runs pauses it first.
    Result<void> pause();
    Result<void> resume();
    Result<void> step(StepKind kind);
    Result<void> run_to(EventKind kind);
    Result<void> switch_to(std::string_view strategy);
    Result<void> restart(); // the same guest from its beginning; what was seen is gone
    Result<void> kill();    // the worker dies at once
    Result<void> type(std::string_view text);

    // Of a fake.
    struct Appearance {
        State state = State::Running;
        std::string status = "running";
        bool failed = false;
        std::string console {};
        SymbolTable symbols {};
        TickScale scale {};
    };
    void set(Appearance appearance);
    void add(std::span<const EventRecord> events);
    void show(GuestSnapshot snapshot, GuestMemory* memory = nullptr);
    const std::vector<std::string>& commands() const { return m_commands; } // that were given

private:
    using Time = std::chrono::steady_clock::time_point;

    ObservedRun(Kind kind, std::string name, std::string strategy);
    Result<void> start();
    void poll_session();
    void take_events(Time until);
    void take_output();
    void take_snapshot(Time now);
    void follow_state();
    void end_live();
    void read_file(Time until);
    void end_file();
    void append(std::span<const EventRecord> events);
    void count(std::span<const EventRecord> events);
    void count_all();
    uint64_t elapsed_ticks() const;
    Result<void> command(std::string words);
    Result<void> seen(Result<void> result);

    Kind m_kind;
    std::string m_name;
    std::string m_strategy;
    State m_state = State::Ended;
    std::string m_status;
    bool m_failed = false;

    SessionConfiguration m_configuration;
    std::unique_ptr<Session> m_session;
    std::optional<StepKind> m_step_after_pause;
    std::string m_typed; // that the guest has not taken yet
    bool m_drained = false; // the last poll has left no event behind
    bool m_end_told = false;

    std::optional<TraceReader> m_reader;
    std::unique_ptr<EventStore> m_events;
    std::vector<EventRecord> m_fresh;
    uint64_t m_let_go = 0;
    TraceTotals m_totals;
    SymbolTable m_symbols;
    std::string m_console;
    std::string m_debug;
    uint64_t m_output_taken = 0;

    std::optional<GuestSnapshot> m_snapshot;
    std::optional<GuestSnapshot> m_earlier;
    uint64_t m_snapshots_taken = 0;
    uint64_t m_session_snapshots = 0;
    std::optional<std::chrono::milliseconds> m_snapshot_interval;
    Time m_snapshot_asked {};
    GuestMemory* m_fake_memory = nullptr;

    PlaybackCursor m_playback;
    std::vector<std::string> m_commands;
};

}
