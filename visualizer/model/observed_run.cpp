#include "visualizer/model/observed_run.hpp"

#include "core/trace/time_format.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/resource.h>

namespace ringside::visualizer {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t events_at_once = 8192;

void keep_newest(std::string& text, std::size_t most)
{
    if (text.size() > most)
        text.erase(0, text.size() - most);
}

std::string words_for_dropped(const TraceTotals& totals)
{
    return totals.dropped > 0 ? fmt::format("; {} events were dropped while recording", format_count(totals.dropped))
                              : "";
}

std::string words_of(const SessionEnd& end)
{
    switch (end.cause) {
    case SessionEnd::Cause::Died:
        return "its worker died: " + end.result.reason;
    case SessionEnd::Cause::Timeout:
        return "its time was over";
    case SessionEnd::Cause::Command:
    case SessionEnd::Cause::Guest:
        break;
    }
    return end.result.reason;
}

} // namespace

ObservedRun::ObservedRun(Kind kind, std::string name, std::string strategy)
    : m_kind(kind), m_name(std::move(name)), m_strategy(std::move(strategy)), m_events(std::make_unique<EventStore>())
{
}

ObservedRun::~ObservedRun() = default;

Result<std::unique_ptr<ObservedRun>> ObservedRun::live(SessionConfiguration configuration)
{
    std::unique_ptr<ObservedRun> run(new ObservedRun(Kind::Live, configuration.name, configuration.strategy));
    run->m_configuration = std::move(configuration);
    run->m_configuration.recording = true;
    run->m_symbols = symbols_of_kernel(run->m_configuration.boot.kernel_path);
    if (auto started = run->start(); !started)
        return started.propagate();
    return run;
}

Result<void> ObservedRun::start()
{
    auto session = Session::start(m_configuration);
    if (!session)
        return session.propagate();
    m_session = std::move(*session);
    setpriority(PRIO_PROCESS, static_cast<id_t>(m_session->worker()), worker_priority);
    m_events = std::make_unique<EventStore>();
    m_let_go = 0;
    m_console.clear();
    m_debug.clear();
    ++m_output_taken;
    m_typed.clear();
    m_snapshot = m_earlier = std::nullopt;
    m_session_snapshots = 0;
    m_step_after_pause = std::nullopt;
    m_playback = {};
    m_failed = m_end_told = m_drained = false;
    follow_state();
    if (m_state == State::Paused)
        m_session->request_snapshot();
    return {};
}

void ObservedRun::poll()
{
    if (m_kind == Kind::Live)
        poll_session();
    else if (m_reader)
        read_file(steady_clock::now() + longest_reading);
}

void ObservedRun::poll_session()
{
    auto now = steady_clock::now();
    if (m_end_told)
        return;
    auto before = m_state;
    m_session->wait(0ms, Session::Console::Ignore);
    take_output();
    take_events(now + longest_poll);
    m_totals = totals_of(m_session->trace().block(), elapsed_ticks());
    m_events->set_scale(m_totals.scale);
    follow_state();
    if (m_state == State::Paused && before != State::Paused) {
        m_session->request_snapshot();
        if (auto kind = std::exchange(m_step_after_pause, std::nullopt))
            (void)seen(m_session->step(*kind));
    }
    take_snapshot(now);
}

void ObservedRun::follow_state()
{
    m_strategy = m_session->strategy();
    m_state = m_session->state();
    if (m_session->ended())
        return end_live();
    m_status = m_state == State::Paused ? "paused" : "running";
    if (m_session->trace().damaged())
        m_status += "; its trace is damaged, and no more events are read";
    m_status += words_for_dropped(m_totals);
    if (m_let_go > 0)
        m_status += fmt::format("; {} older events are no longer kept", format_count(m_let_go));
}

// What was recorded up to the end is still there, and may be much: it is taken over several polls.
void ObservedRun::end_live()
{
    const auto& end = m_session->end();
    m_failed = end.cause == SessionEnd::Cause::Died || end.cause == SessionEnd::Cause::Timeout
        || (end.cause == SessionEnd::Cause::Guest && end.result.outcome != Outcome::Success);
    m_status = words_of(end);
    m_end_told = m_drained;
}

uint64_t ObservedRun::elapsed_ticks() const
{
    if (m_session->ended() && m_session->end().elapsed != 0)
        return m_session->end().elapsed;
    auto origin = m_events->scale().origin;
    auto latest = m_events->empty() ? 0 : m_events->range().end;
    bool begun = origin != 0 || m_totals.tick_source == TickSource::Manual;
    return begun && latest > origin ? latest - origin : 0;
}

void ObservedRun::take_events(Time until)
{
    do {
        m_fresh.clear();
        m_session->trace().drain(m_fresh, events_at_once);
        append(m_fresh);
    } while (!m_fresh.empty() && steady_clock::now() < until);
    m_drained = m_fresh.empty();
}

void ObservedRun::append(std::span<const EventRecord> events)
{
    if (m_kind == Kind::Live && m_events->size() + events.size() > most_live_events)
        let_events_go();
    m_events->append(events);
}

void ObservedRun::let_events_go()
{
    m_let_go += m_events->size();
    m_events = std::make_unique<EventStore>();
}

void ObservedRun::take_output()
{
    auto before = m_console.size() + m_debug.size();
    m_session->take_console(m_console, most_console);
    m_session->take_debug_output(m_debug, most_console);
    m_output_taken += m_console.size() + m_debug.size() - before;
    keep_newest(m_console, most_console);
    keep_newest(m_debug, most_console);
    if (!m_typed.empty() && !m_session->ended())
        m_typed.erase(0, m_session->type(m_typed));
}

void ObservedRun::take_snapshot(Time now)
{
    bool is_due = m_snapshot_interval && m_state == State::Running && now - m_snapshot_asked >= *m_snapshot_interval;
    if (is_due) {
        m_snapshot_asked = now;
        m_session->request_snapshot();
    }
    if (m_session->snapshots_taken() == m_session_snapshots)
        return;
    m_session_snapshots = m_session->snapshots_taken();
    m_earlier = std::exchange(m_snapshot, m_session->snapshot());
    ++m_snapshots_taken;
}

Result<std::unique_ptr<ObservedRun>> ObservedRun::from_file(const std::string& path)
{
    auto reader = TraceReader::open(path);
    if (!reader)
        return reader.propagate();
    const auto& header = reader->header();
    std::unique_ptr<ObservedRun> run(new ObservedRun(Kind::File, header.scenario, header.strategy));
    run->m_symbols = header.symbols;
    run->m_totals.scale = header.scale;
    run->m_totals.tick_source = header.clock == ClockKind::Virtual ? TickSource::Manual : TickSource::TimeStampCounter;
    run->m_events->set_scale(header.scale);
    run->m_status = "being read";
    run->m_reader.emplace(std::move(*reader));
    return run;
}

void ObservedRun::read_file(Time until)
{
    do {
        if (!m_reader->next(m_fresh))
            return end_file();
        append(m_fresh);
    } while (steady_clock::now() < until);
    m_status = fmt::format("being read: {} events so far", format_count(m_events->size()));
}

void ObservedRun::end_file()
{
    const auto& ending = m_reader->ending();
    m_status = fmt::format("{} events", format_count(m_events->size()));
    if (m_reader->unknown_events() > 0)
        m_status += fmt::format(
            ", and {} of kinds that this version does not know", format_count(m_reader->unknown_events()));
    m_failed = ending.kind != TraceEnding::Kind::Complete;
    if (m_failed)
        m_status += fmt::format("; what comes after byte {} is lost: {}", format_count(ending.offset), ending.message);
    if (m_reader->totals())
        m_totals = *m_reader->totals();
    else
        count_all();
    m_status += words_for_dropped(m_totals);
    m_reader.reset();
}

// The end of the file, which has the totals, is missing.
void ObservedRun::count_all()
{
    for (uint64_t next = 0; next < m_events->size();) {
        auto stretch = m_events->stretch(next, m_events->size());
        count(stretch);
        next += stretch.size();
    }
    if (auto range = m_events->range(); range.end > m_totals.scale.origin)
        m_totals.elapsed = range.end - m_totals.scale.origin;
}

void ObservedRun::count(std::span<const EventRecord> events)
{
    for (const auto& event : events) {
        auto& counter = m_totals[event.kind];
        ++counter.count;
        if (describe(event.kind).category == EventCategory::Exit) {
            counter.total += event.duration;
            counter.minimum = std::min<uint64_t>(counter.minimum, event.duration);
            counter.maximum = std::max<uint64_t>(counter.maximum, event.duration);
        }
        if (event.kind == EventKind::RingChange)
            ++m_totals.ring_entries[event.a & 3][event.b & 3];
    }
    m_totals.exact_rings = true;
}

} // namespace ringside::visualizer
