#include "visualizer/app/run.hpp"

#include "core/trace/time_format.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <utility>
#include <x86intrin.h>

namespace ringside::visualizer {

namespace {

using namespace std::chrono_literals;

constexpr auto between_rounds = 900ms;
constexpr double between_figures = 0.25; // seconds

std::string words_of(const Result<void>& done) { return done ? "" : done.error().message; }

}

std::unique_ptr<Run> Run::live(SessionConfiguration configuration)
{
    std::unique_ptr<Run> run(new Run);
    run->m_guest = configuration.name;
    run->m_configuration = std::move(configuration);
    run->start();
    return run;
}

Result<std::unique_ptr<Run>> Run::from_file(const std::string& path)
{
    auto observed = ObservedRun::from_file(path);
    if (!observed)
        return observed.propagate();
    std::unique_ptr<Run> run(new Run);
    run->m_is_file = true;
    run->m_observed = std::move(*observed);
    run->m_guest = run->m_observed->name();
    return run;
}

void Run::start(Beginning beginning)
{
    m_end_noted = m_will_repeat = false;
    m_guest_at.reset();
    m_selection.reset();
    m_noted = m_exits_before = 0;
    m_since_figures = 0;
    m_console.clear();
    m_console_of = 0;
    keep_last_round();
    m_configuration.start_paused = beginning == Beginning::Paused;
    auto observed = ObservedRun::live(m_configuration);
    if (!observed) {
        m_observed.reset();
        m_status = observed.error().message;
        return;
    }
    m_observed = std::move(*observed);
    m_status = m_observed->status();
    m_heat_tick = __rdtsc();
}

// Rounds may be so short that panels of registers and code would be empty most of the time.
void Run::keep_last_round()
{
    if (!m_observed || !m_observed->snapshot())
        return;
    m_before = std::move(m_observed);
    m_before->let_events_go();
}

bool Run::was_begun_with(const SessionConfiguration& configuration) const
{
    return !m_is_file && m_configuration.name == configuration.name && m_configuration.strategy == configuration.strategy
        && m_configuration.boot.kernel_path == configuration.boot.kernel_path;
}

const EventStore& Run::events() const
{
    static const EventStore nothing;
    return m_observed ? m_observed->events() : nothing;
}

const SymbolTable& Run::symbols() const
{
    static const SymbolTable nothing;
    return m_observed ? m_observed->symbols() : nothing;
}

void Run::poll(double seconds)
{
    if (m_observed) {
        m_observed->poll();
        m_status = m_observed->status();
        take_console();
        note_events();
        if (m_observed->snapshot())
            m_before.reset();
        m_since_figures += seconds;
        if (m_since_figures >= between_figures || m_is_file)
            take_figures();
        if (m_observed->end() && !m_end_noted)
            note_end();
        follow_command();
    }
    cool(seconds);
    auto moments = m_playback.moments();
    m_playback.advance(seconds, newest());
    note_moment(moments);
    if (m_will_repeat && Clock::now() - m_round_ended >= between_rounds)
        start();
}

void Run::take_console()
{
    if (m_console_of == m_observed->output_taken())
        return;
    m_console_of = m_observed->output_taken();
    m_console = m_observed->console() + m_observed->debug_output();
}

void Run::note_events()
{
    const auto& store = events();
    if (store.identity() != m_noted_store)
        m_noted = 0;
    m_noted_store = store.identity();
    while (m_noted < store.size()) {
        auto part = store.stretch(m_noted, store.size());
        for (const auto& event : part)
            note_ring(event);
        m_noted += part.size();
    }
    if (state() == State::Running)
        add_heat(__rdtsc());
}

void Run::note_ring(const EventRecord& event)
{
    if (event.kind != EventKind::RingChange && event.kind != EventKind::RealRingChange && event.kind != EventKind::StrategySwitch)
        return;
    // The stretch that ends here began before what was guessed from the clock.
    bool was_guessed = event.time < m_heat_tick && m_heat_tick - event.time < events().scale().ticks_per_second;
    if (was_guessed || m_heat_tick == 0)
        m_heat_tick = event.time;
    add_heat(event.time);
    m_guest_at = RingPosition { event.virtual_ring, event.real_ring, false };
}

void Run::add_heat(uint64_t until)
{
    if (m_guest_at && until > m_heat_tick) {
        auto real = real_ring_index(static_cast<uint32_t>(m_guest_at->real_ring)).value_or(3);
        m_heat[m_guest_at->virtual_ring & 3][real] += static_cast<double>(until - m_heat_tick);
    }
    m_heat_tick = std::max(m_heat_tick, until);
}

void Run::cool(double seconds)
{
    if (m_is_file || state() != State::Running)
        return;
    for (auto& row : m_heat) {
        for (auto& share : row)
            share *= std::exp(-seconds);
    }
}

void Run::take_figures()
{
    m_totals = m_observed->totals();
    m_statistics = statistics_of(m_totals);
    auto exits = m_statistics.exit_count;
    if (m_since_figures > 0 && state() == State::Running)
        m_exit_rate = exits >= m_exits_before ? static_cast<double>(exits - m_exits_before) / m_since_figures : 0;
    if (state() == State::Paused)
        m_exit_rate = 0;
    m_exits_before = exits;
    m_since_figures = 0;
}

void Run::note_end()
{
    m_end_noted = true;
    m_round_ended = Clock::now();
    m_since_figures = 0;
    take_figures();
    const auto& end = *m_observed->end();
    if (end.cause != SessionEnd::Cause::Guest)
        return;
    m_whole_round = ledger_of(events().exits(), events().scale());
    if (m_observed->failed())
        return;
    ++m_rounds;
    m_last_round = static_cast<double>(m_totals.scale.nanoseconds(end.elapsed)) * 1e-9;
    if (m_last_round > 0)
        m_exit_rate = static_cast<double>(m_statistics.exit_count) / m_last_round;
    m_will_repeat = true;
}

std::span<const EventRecord> Run::newest()
{
    const auto& store = events();
    auto first = m_is_file ? m_file_moment : store.size() - std::min<uint64_t>(store.size(), RingPlayback::longest_moment);
    auto last = std::min<uint64_t>(store.size(), first + RingPlayback::longest_moment);
    m_newest.clear();
    while (first < last) {
        auto part = store.stretch(first, last);
        m_newest.insert(m_newest.end(), part.begin(), part.end());
        first += part.size();
    }
    return m_newest;
}

void Run::note_moment(unsigned moments_before)
{
    if (m_playback.moments() == moments_before)
        return;
    m_moment_scale = events().scale();
    if (!m_is_file)
        return;
    m_file_moment += m_newest.size();
    if (m_file_moment >= events().size())
        m_file_moment = 0;
}

void Run::step_playback(int direction)
{
    auto moments = m_playback.moments();
    m_playback.step(direction, newest());
    note_moment(moments);
}

void Run::look_at(uint64_t event)
{
    const auto& store = events();
    if (event >= store.size())
        return;
    auto before = std::min<uint64_t>(event, RingPlayback::longest_moment / 2);
    auto last = std::min<uint64_t>(store.size(), event - before + RingPlayback::longest_moment);
    m_newest.clear();
    for (auto index = event - before; index < last; ++index)
        m_newest.push_back(store[index]);
    m_playback.look_at(m_newest, store[event]);
    m_moment_scale = store.scale();
}

void Run::select(std::optional<TickRange> range)
{
    m_selection = range;
    if (!range)
        return;
    auto inside = events().ending_in(*range);
    if (inside.size() > 0)
        look_at(inside.begin);
}

std::string Run::give(const Command& command)
{
    if (is_between_rounds())
        start(command.kind == Command::Kind::Switch ? Beginning::Running : Beginning::Paused);
    if (!m_observed)
        return m_status;
    auto done = carry_out(command);
    m_given = done ? std::optional { command } : std::nullopt;
    return words_of(done);
}

Result<void> Run::carry_out(const Command& command)
{
    switch (command.kind) {
    case Command::Kind::Pause: break;
    case Command::Kind::Step: return m_observed->step(command.step);
    case Command::Kind::RunTo: return m_observed->run_to(command.event);
    case Command::Kind::Switch: return m_observed->switch_to(command.strategy);
    }
    return m_observed->pause();
}

bool Run::is_followed(const Command& command) const
{
    return command.kind == Command::Kind::Switch ? strategy() == command.strategy : state() == State::Paused;
}

// The round may have been over before the command came to it: then it is given once more.
void Run::follow_command()
{
    if (m_given && is_followed(*m_given))
        m_given.reset();
    if (!m_given || !is_between_rounds())
        return;
    auto given = *m_given;
    (void)give(given);
    m_given.reset();
}

std::string Run::pause() { return give({ .kind = Command::Kind::Pause }); }
std::string Run::step(StepKind kind) { return give({ .kind = Command::Kind::Step, .step = kind }); }
std::string Run::run_to(EventKind kind) { return give({ .kind = Command::Kind::RunTo, .event = kind }); }

std::string Run::resume()
{
    m_given.reset();
    if (!m_is_file && state() == State::Ended) {
        start();
        return "";
    }
    return m_observed ? words_of(m_observed->resume()) : "";
}

std::string Run::restart()
{
    if (m_is_file)
        return "a trace file is what has happened: it does not begin anew";
    m_given.reset();
    start();
    return "";
}

std::string Run::kill()
{
    m_given.reset();
    if (state() != State::Ended) {
        m_will_repeat = false;
        return words_of(m_observed->kill());
    }
    if (std::exchange(m_will_repeat, false))
        return "this round had ended by itself, and no other begins: R begins one";
    return m_is_file ? "a trace file has no worker" : "it has ended already: R begins it anew";
}

std::string Run::switch_to(const std::string& strategy) { return give({ .kind = Command::Kind::Switch, .strategy = strategy }); }
std::string Run::type(std::string_view text) { return m_observed ? words_of(m_observed->type(text)) : m_status; }

}
