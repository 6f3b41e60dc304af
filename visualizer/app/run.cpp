#include "visualizer/app/run.hpp"

#include "core/trace/time_format.hpp"
#include "core/trace/trace_file.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <sys/resource.h>
#include <x86intrin.h>

namespace ringside::visualizer {

namespace {

using namespace std::chrono_literals;

constexpr auto between_rounds = 900ms;
constexpr std::size_t events_at_once = 1 << 15;
constexpr std::size_t most_of_a_file = 4'000'000; // events
constexpr int lower_priority = 5; // the window comes first

double seconds(Run::Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

std::size_t heat_index(RealRing ring)
{
    switch (ring) {
    case RealRing::Ring0: return 0;
    case RealRing::Ring3: return 1;
    case RealRing::NonRoot: return 2;
    case RealRing::Interpreted: return 3;
    }
    return 3;
}

}

std::unique_ptr<Run> Run::live(RunPlan plan)
{
    auto run = std::unique_ptr<Run>(new Run(std::move(plan)));
    run->start();
    return run;
}

Result<std::unique_ptr<Run>> Run::from_file(const std::string& path)
{
    auto reader = TraceReader::open(path);
    if (!reader)
        return reader.propagate();
    RunPlan plan;
    plan.guest = reader->header().scenario;
    plan.configuration.strategy = reader->header().strategy;
    plan.repeat = false;
    auto run = std::unique_ptr<Run>(new Run(std::move(plan)));
    run->m_is_file = true;
    run->m_symbols = reader->header().symbols;
    while (run->m_events.size() < most_of_a_file && reader->next(run->m_fresh)) {
        run->m_events.insert(run->m_events.end(), run->m_fresh.begin(), run->m_fresh.end());
        run->m_totals.scale = reader->header().scale;
        run->note_rings(run->m_fresh);
    }
    run->m_events_seen = run->m_events.size();
    run->m_status = fmt::format("{} events of {}", format_count(run->m_events_seen), path);
    if (run->m_events.size() >= most_of_a_file)
        run->m_status += " (the first of them: the file is longer)";
    else if (!reader->ending().message.empty())
        run->m_status += "; " + reader->ending().message;
    if (reader->totals())
        run->m_totals = *reader->totals();
    run->m_statistics = statistics_of(run->m_totals);
    return run;
}

void Run::start()
{
    m_will_repeat = false;
    m_failed = false;
    m_events.clear();
    m_console.clear();
    m_typed.clear();
    m_guest_at.reset();
    m_exits_before = 0;
    m_session.reset();
    auto session = Session::start(m_plan.configuration);
    m_figures_taken = Clock::now();
    if (!session) {
        m_state = State::Ended;
        m_failed = true;
        m_status = session.error().message;
        return;
    }
    m_session = std::move(*session);
    setpriority(PRIO_PROCESS, static_cast<id_t>(m_session->worker()), lower_priority);
    m_strategy = m_session->strategy();
    m_state = State::Running;
    m_status = "running";
    m_heat_tick = __rdtsc();
}

void Run::poll()
{
    auto now = Clock::now();
    if (m_session && m_state != State::Ended) {
        m_session->wait(0ms, Session::Console::Ignore);
        m_strategy = m_session->strategy();
        take_console();
        take_events();
        take_figures(now);
        if (m_session->ended())
            end_round();
        else
            m_state = m_session->state() == Session::State::Paused ? State::Paused : State::Running;
        if (m_state != State::Ended)
            m_status = m_state == State::Paused ? "paused" : "running";
    }
    if (m_will_repeat && now - m_round_ended >= between_rounds)
        start();
}

void Run::take_console()
{
    m_session->take_console(m_console, kept_console);
    std::string debug;
    m_session->take_debug_output(debug, kept_console);
    m_console += debug;
    if (m_console.size() > kept_console)
        m_console.erase(0, m_console.size() - kept_console);
    if (!m_typed.empty())
        m_typed.erase(0, m_session->type(m_typed));
}

void Run::take_events()
{
    m_fresh.clear();
    m_session->trace().drain(m_fresh, events_at_once);
    m_events_seen += m_fresh.size();
    note_rings(m_fresh);
    m_events.insert(m_events.end(), m_fresh.begin(), m_fresh.end());
    if (m_events.size() > 4 * kept_events)
        m_events.erase(m_events.begin(), m_events.end() - kept_events);
}

uint64_t Run::elapsed_ticks() const
{
    if (m_session->ended())
        return m_session->end().elapsed;
    auto first = m_session->trace().block().first_instruction;
    auto now = __rdtsc();
    return first != 0 && now > first ? now - first : 0;
}

void Run::take_figures(Clock::time_point now)
{
    if (m_state == State::Paused && !m_session->ended())
        return;
    m_totals = totals_of(m_session->trace().block(), elapsed_ticks());
    m_statistics = statistics_of(m_totals);
    if (!m_session->ended())
        add_heat(__rdtsc());
    double passed = seconds(now - m_figures_taken);
    if (passed < 0.25)
        return;
    auto exits = m_statistics.exit_count;
    m_exit_rate = exits >= m_exits_before ? static_cast<double>(exits - m_exits_before) / passed : 0;
    m_exits_before = exits;
    m_figures_taken = now;
    double kept = std::exp(-passed);
    for (auto& row : m_heat) {
        for (auto& share : row)
            share *= kept;
    }
}

void Run::add_heat(uint64_t until)
{
    if (m_guest_at && until > m_heat_tick)
        m_heat[m_guest_at->virtual_ring & 3][heat_index(m_guest_at->real_ring)] += static_cast<double>(until - m_heat_tick);
    m_heat_tick = std::max(m_heat_tick, until);
}

void Run::note_rings(std::span<const EventRecord> events)
{
    for (const auto& event : events) {
        if (event.kind != EventKind::RingChange && event.kind != EventKind::RealRingChange
            && event.kind != EventKind::StrategySwitch)
            continue;
        if (m_is_file && m_heat_tick == 0)
            m_heat_tick = event.time;
        // The stretch that ends here began before what poll() has guessed.
        if (!m_is_file && event.time < m_heat_tick && m_heat_tick - event.time < m_totals.scale.ticks_per_second)
            m_heat_tick = event.time;
        add_heat(event.time);
        m_guest_at = RingPosition { event.virtual_ring, event.real_ring, false };
    }
}

void Run::end_round()
{
    const auto& end = m_session->end();
    for (std::size_t before = m_events_seen + 1; before != m_events_seen;) {
        before = m_events_seen;
        take_events();
    }
    take_console();
    m_state = State::Ended;
    if (m_statistics.wall > 0)
        m_exit_rate = static_cast<double>(m_statistics.exit_count) / (static_cast<double>(m_statistics.wall) * 1e-9);
    m_round_ended = Clock::now();
    bool good = end.cause == SessionEnd::Cause::Guest && end.result.outcome == Outcome::Success;
    m_failed = !good;
    if (!good) {
        m_status = end.cause == SessionEnd::Cause::Died ? "its worker died: " + end.result.reason : end.result.reason;
        return;
    }
    ++m_rounds;
    auto taken = m_totals.scale.nanoseconds(end.elapsed);
    m_last_round = static_cast<double>(taken) * 1e-9;
    m_status = fmt::format("ended well after {}", format_duration(taken, Style {}));
    m_will_repeat = m_plan.repeat;
}

void Run::pause()
{
    if (m_session && m_state == State::Running)
        m_session->pause();
    if (m_state == State::Ended && m_will_repeat)
        m_will_repeat = false;
}

void Run::resume()
{
    if (m_session && m_state == State::Paused)
        m_session->resume();
    else if (m_state == State::Ended && !m_is_file)
        start();
}

void Run::restart()
{
    if (!m_is_file)
        start();
}

void Run::kill()
{
    m_will_repeat = false;
    if (m_session && m_state != State::Ended)
        ::kill(m_session->worker(), SIGKILL);
}

std::string Run::switch_to(const std::string& strategy)
{
    if (!m_session || m_state == State::Ended)
        return "the guest has ended";
    auto done = m_session->switch_to(strategy);
    return done ? "" : done.error().message;
}

void Run::type(std::string_view text)
{
    constexpr std::size_t most = 4096;
    if (m_session && m_state != State::Ended && m_typed.size() + text.size() <= most)
        m_typed += text;
}

}
