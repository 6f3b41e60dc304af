// What a person may ask of a run, and the runs that tests make up.
#include "visualizer/model/observed_run.hpp"

#include <csignal>
#include <fmt/format.h>

namespace ringside::visualizer {

namespace {

constexpr std::size_t most_typed = 4096;

}

// True where the session is to be asked: a fake only notes it, and the rest say why not.
Result<void> ObservedRun::command(std::string words)
{
    if (m_kind == Kind::File)
        return fail(ExitCode::Usage, "a trace file is what has happened: it cannot be told what to do");
    if (m_kind == Kind::Fake)
        m_commands.push_back(std::move(words));
    else if (m_session->ended())
        return fail(ExitCode::Usage, "the guest has ended: start it again");
    return {};
}

// The guest goes on, and may be paused again by the next poll().
Result<void> ObservedRun::seen(Result<void> result)
{
    m_state = m_session->state();
    return result;
}

Result<void> ObservedRun::pause()
{
    auto allowed = command("pause");
    if (allowed && m_session)
        m_session->pause();
    return allowed;
}

Result<void> ObservedRun::resume()
{
    auto allowed = command("resume");
    m_step_after_pause = std::nullopt;
    if (allowed && m_session)
        m_session->resume();
    return allowed;
}

Result<void> ObservedRun::step(StepKind kind)
{
    auto allowed = command(fmt::format("step: {}", step_name(kind)));
    if (!allowed || !m_session)
        return allowed;
    if (m_session->state() == State::Paused)
        return seen(m_session->step(kind));
    if (const auto* entry = find_strategy(m_session->strategy())) {
        if (auto possible = check_step(entry->info(), events_of(kind)); !possible)
            return possible;
    }
    m_session->pause();
    m_step_after_pause = kind;
    return {};
}

Result<void> ObservedRun::run_to(EventKind kind)
{
    auto allowed = command(fmt::format("run to: {}", describe(kind).name));
    return allowed && m_session ? seen(m_session->run_to(kind)) : allowed;
}

Result<void> ObservedRun::switch_to(std::string_view strategy)
{
    auto allowed = command(fmt::format("switch to: {}", strategy));
    return allowed && m_session ? m_session->switch_to(strategy) : allowed;
}

Result<void> ObservedRun::restart()
{
    if (m_kind == Kind::Live)
        return start();
    return command("restart");
}

Result<void> ObservedRun::kill()
{
    auto allowed = command("kill");
    if (allowed && m_session)
        ::kill(m_session->worker(), SIGKILL);
    return allowed;
}

Result<void> ObservedRun::type(std::string_view text)
{
    auto allowed = command(fmt::format("type: {}", text));
    if (!allowed || !m_session)
        return allowed;
    if (m_typed.size() + text.size() > most_typed)
        return fail(ExitCode::Usage, "the guest does not read what is typed");
    m_typed += text;
    return {};
}

std::unique_ptr<ObservedRun> ObservedRun::fake(std::string name, std::string strategy)
{
    std::unique_ptr<ObservedRun> run(new ObservedRun(Kind::Fake, std::move(name), std::move(strategy)));
    run->set({});
    return run;
}

void ObservedRun::set(Appearance appearance)
{
    m_state = appearance.state;
    m_status = std::move(appearance.status);
    m_failed = appearance.failed;
    m_console = std::move(appearance.console);
    ++m_output_taken;
    m_symbols = std::move(appearance.symbols);
    m_totals.scale = appearance.scale;
    m_events->set_scale(appearance.scale);
}

void ObservedRun::add(std::span<const EventRecord> events)
{
    append(events);
    count(events);
    if (auto range = m_events->range(); range.end > m_totals.scale.origin)
        m_totals.elapsed = range.end - m_totals.scale.origin;
}

void ObservedRun::show(GuestSnapshot snapshot, GuestMemory* memory)
{
    m_earlier = std::exchange(m_snapshot, std::move(snapshot));
    m_fake_memory = memory;
    ++m_snapshots_taken;
}

} // namespace ringside::visualizer
