// A run on the screen: what is observed of it, and what the window adds: rounds that begin again, the rings' heat, slow
// motion, a selected range.
#pragma once

#include "core/trace/statistics.hpp"
#include "visualizer/app/ring_playback.hpp"
#include "visualizer/model/exit_ledger.hpp"
#include "visualizer/model/observed_run.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace ringside::visualizer {

class Run {
public:
    using State = ObservedRun::State;
    using Clock = std::chrono::steady_clock;

    // A guest that cannot start is a run that has failed, and says why. Begins again after a good end.
    static std::unique_ptr<Run> live(SessionConfiguration configuration);
    static Result<std::unique_ptr<Run>> from_file(const std::string& path);

    // Once a frame, `seconds` after the one before. Takes what is new; bounded.
    void poll(double seconds);

    const std::string& guest() const { return m_guest; }
    const std::string& strategy() const { return m_observed ? m_observed->strategy() : m_configuration.strategy; }
    std::string title() const { return m_guest + " · " + strategy(); }
    bool is_file() const { return m_is_file; }
    State state() const { return m_observed ? m_observed->state() : State::Ended; }
    bool failed() const { return !m_observed || m_observed->failed(); }
    // One line for people: "running", "paused", "ended well", why it died.
    const std::string& status() const { return m_status; }
    const std::string& console() const { return m_console; }

    // Of the present round, or the last one.
    const EventStore& events() const;
    const TraceTotals& totals() const { return m_totals; }
    const Statistics& statistics() const { return m_statistics; }
    const SymbolTable& symbols() const;
    // Null for a guest that could not start.
    ObservedRun* observed() { return m_observed.get(); }
    // What snapshots and memory are shown of: the present round, or the one before it while this one has no snapshot yet.
    ObservedRun* inspected() { return m_before ? m_before.get() : m_observed.get(); }
    // True if it was begun with this guest under this strategy; it may have changed the strategy since.
    bool was_begun_with(const SessionConfiguration& configuration) const;

    // The exits of the last round that the guest itself ended, well or not.
    const std::optional<ExitLedger>& whole_round() const { return m_whole_round; }

    // Rounds that ended well, and how long the last took, in seconds.
    unsigned rounds() const { return m_rounds; }
    double last_round() const { return m_last_round; }
    // At present, or of the last round when it is over.
    double exits_per_second() const { return m_exit_rate; }
    // Of the last second: ticks of the guest by [virtual ring][real ring, by index in real_rings].
    using Heat = std::array<std::array<double, 4>, 4>;
    const Heat& heat() const { return m_heat; }

    RingPlayback& playback() { return m_playback; }
    const RingPlayback& playback() const { return m_playback; }
    // Of the moment that is shown, which may be of the round before.
    const TickScale& moment_scale() const { return m_moment_scale; }
    void step_playback(int direction);
    // Slow motion goes to this event, and holds there.
    void look_at(uint64_t event);

    // What the other panels are about; nothing: the whole round.
    const std::optional<TickRange>& selection() const { return m_selection; }
    // Slow motion goes to its first event.
    void select(std::optional<TickRange> range);

    // True while it waits to begin again by itself.
    bool is_between_rounds() const { return state() == State::Ended && m_will_repeat; }

    // Commands: "" or why that cannot be. A pause or a step that comes between two rounds, or too late for this one, is one
    // of the next round, at its beginning: rounds may be too short to be met.
    std::string pause();
    std::string resume();
    std::string restart();
    std::string kill(); // the worker dies at once
    std::string step(StepKind kind);
    std::string run_to(EventKind kind);
    std::string switch_to(const std::string& strategy); // from the guest's next instruction on
    std::string type(std::string_view text);

private:
    Run() = default;
    enum class Beginning : uint8_t { Running, Paused };
    void start(Beginning beginning = Beginning::Running);
    // That end in a pause.
    struct Command {
        enum class Kind : uint8_t { Pause, Step, RunTo, Switch } kind = Kind::Pause;
        StepKind step {};
        EventKind event {};
        std::string strategy {};
    };
    std::string give(const Command& command);
    Result<void> carry_out(const Command& command);
    bool is_followed(const Command& command) const;
    void follow_command();
    void keep_last_round();
    void take_console();
    void note_events();
    void note_end();
    void take_figures();
    void cool(double seconds);
    void note_ring(const EventRecord& event);
    void add_heat(uint64_t until);
    std::span<const EventRecord> newest();
    void note_moment(unsigned moments_before);

    std::string m_guest;
    SessionConfiguration m_configuration;
    bool m_is_file = false;
    std::unique_ptr<ObservedRun> m_observed;
    std::unique_ptr<ObservedRun> m_before; // the last round; null once it is not needed
    std::string m_status;
    std::string m_console;
    uint64_t m_console_of = 0; // the observed run's output_taken()
    TraceTotals m_totals;
    Statistics m_statistics;
    std::optional<TickRange> m_selection;

    std::optional<ExitLedger> m_whole_round;
    unsigned m_rounds = 0;
    double m_last_round = 0;
    bool m_end_noted = false;
    bool m_will_repeat = false;
    std::optional<Command> m_given; // until the guest has paused
    Clock::time_point m_round_ended {};

    uint64_t m_noted_store = 0; // its identity
    uint64_t m_noted = 0;       // events of that store
    Heat m_heat {};
    uint64_t m_heat_tick = 0;
    std::optional<RingPosition> m_guest_at; // unknown before the first change of ring
    double m_exit_rate = 0;
    uint64_t m_exits_before = 0;
    double m_since_figures = 0;

    RingPlayback m_playback;
    TickScale m_moment_scale;
    std::vector<EventRecord> m_newest;
    uint64_t m_file_moment = 0; // where the next moment of a file begins
};

}
