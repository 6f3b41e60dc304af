// One VM as the panels see it: a guest in a worker of its own that may begin again when it has ended, or a trace file.
#pragma once

#include "core/session/session.hpp"
#include "core/trace/statistics.hpp"
#include "core/trace/symbols.hpp"
#include "visualizer/app/ring_playback.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringside::visualizer {

struct RunPlan {
    std::string guest; // the scenario's name, or the file's
    SessionConfiguration configuration;
    bool repeat = true; // begin again after a good end
};

class Run {
public:
    enum class State : uint8_t { Running, Paused, Ended };
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t kept_events = 16 * 1024;  // of a live run, at least
    static constexpr std::size_t kept_console = 128 * 1024; // bytes

    // A guest that cannot start is a run that has ended, and says why.
    static std::unique_ptr<Run> live(RunPlan plan);
    // What is readable of the file; status() says what is lost.
    static Result<std::unique_ptr<Run>> from_file(const std::string& path);

    // Takes what is new. Bounded: never takes more than some milliseconds.
    void poll();

    const std::string& guest() const { return m_plan.guest; }
    const std::string& strategy() const { return m_strategy; }
    std::string title() const { return m_plan.guest + " · " + m_strategy; }
    bool is_file() const { return m_is_file; }
    State state() const { return m_state; }
    bool failed() const { return m_failed; }
    // One line for people: "running", "paused", "ended well", why it died.
    const std::string& status() const { return m_status; }
    pid_t worker() const { return m_session ? m_session->worker() : -1; }

    // The newest events, of the present round.
    std::span<const EventRecord> events() const { return m_events; }
    uint64_t events_seen() const { return m_events_seen; } // of all rounds
    const TraceTotals& totals() const { return m_totals; }
    const Statistics& statistics() const { return m_statistics; }
    const SymbolTable& symbols() const { return m_symbols; }
    const std::string& console() const { return m_console; }
    uint64_t dropped() const { return m_totals.dropped; }

    // Rounds that ended well, and how long the last took, in seconds.
    unsigned rounds() const { return m_rounds; }
    double last_round() const { return m_last_round; }
    // At present, or of the last round when it is over.
    double exits_per_second() const { return m_exit_rate; }
    // Of the last second: share of the guest's time by [virtual ring][real ring: 0, 3, non-root, interpreted].
    using Heat = std::array<std::array<double, 4>, 4>;
    const Heat& heat() const { return m_heat; }

    // Of the run that is shown in slow motion.
    RingPlayback& playback() { return m_playback; }
    const RingPlayback& playback() const { return m_playback; }

    // Commands. Those that make no sense in this state (or for a file) do nothing.
    void pause();
    void resume();
    void restart();
    void kill(); // the worker dies at once
    bool repeats() const { return m_plan.repeat; }
    void set_repeat(bool repeat) { m_plan.repeat = repeat; }
    // Another strategy runs the guest from its next instruction on. "" or why that cannot be.
    std::string switch_to(const std::string& strategy);
    void type(std::string_view text);

private:
    explicit Run(RunPlan plan) : m_plan(std::move(plan)), m_strategy(m_plan.configuration.strategy) { }
    void start();
    void take_console();
    void take_events();
    void take_figures(Clock::time_point now);
    void note_rings(std::span<const EventRecord> events);
    void add_heat(uint64_t until);
    void end_round();
    uint64_t elapsed_ticks() const;

    RunPlan m_plan;
    std::string m_strategy;
    std::unique_ptr<Session> m_session;
    bool m_is_file = false;
    State m_state = State::Ended;
    bool m_failed = false;
    std::string m_status;

    std::vector<EventRecord> m_events;
    std::vector<EventRecord> m_fresh;
    uint64_t m_events_seen = 0;
    TraceTotals m_totals;
    Statistics m_statistics;
    SymbolTable m_symbols;
    std::string m_console;
    std::string m_typed; // not yet accepted

    unsigned m_rounds = 0;
    double m_last_round = 0;
    Clock::time_point m_round_ended {};
    bool m_will_repeat = false;

    Heat m_heat {};
    uint64_t m_heat_tick = 0;
    std::optional<RingPosition> m_guest_at; // unknown before the first change of ring
    double m_exit_rate = 0;
    uint64_t m_exits_before = 0;
    Clock::time_point m_figures_taken {};
    RingPlayback m_playback;
};

}
