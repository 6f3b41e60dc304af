#include "core/session/comparison_run.hpp"

#include "core/session/comparison_figures.hpp"

#include <fmt/format.h>
#include <optional>

namespace ringside {

namespace {

using namespace std::chrono_literals;
using Answer = ComparisonControl::Answer;
using Phase = ComparisonStep::Phase;

constexpr auto between_looks = 1000ms;
constexpr std::size_t longest_text = 64 * mebibyte; // of one run

// What one run has left.
struct Seen {
    SessionEnd end;
    std::string console;
    std::string debug_output;
    Statistics statistics;
    bool too_much = false; // it said more than is kept
};

// Runs a session that was started to its end. What follows `Again` or `Stop` is not looked at.
class OneRun {
public:
    OneRun(Session& session, const ComparisonControl& control)
        : m_session(session)
        , m_control(control)
    {
    }

    Answer to_end(Seen& seen)
    {
        auto answer = Answer::GoOn;
        while (!m_session.ended() && answer == Answer::GoOn)
            answer = round(seen);
        if (!m_session.ended())
            m_session.kill();
        while (!seen.too_much && take(seen)) { }
        seen.end = m_session.end();
        seen.statistics = statistics_of(m_session.trace().block(), seen.end.elapsed);
        return answer;
    }

private:
    Answer round(Seen& seen)
    {
        pollfd wake { m_control.descriptor, POLLIN, 0 };
        m_session.wait(between_looks, Session::Console::Wake, { &wake, 1 });
        take(seen);
        if (seen.too_much)
            m_session.kill();
        return wake.revents != 0 && m_control.on_wake ? m_control.on_wake(m_session) : Answer::GoOn;
    }

    bool take(Seen& seen)
    {
        auto size = m_session.take_console(seen.console, longest_text) + m_session.take_debug_output(seen.debug_output, longest_text);
        seen.too_much = seen.console.size() > longest_text || seen.debug_output.size() > longest_text;
        return size > 0;
    }

    Session& m_session;
    const ComparisonControl& m_control;
};

class Comparer {
public:
    Comparer(const std::vector<Contender>& contenders, unsigned runs, const ComparisonControl& control, Watching watching)
        : m_contenders(contenders)
        , m_control(control)
        , m_watching(watching)
    {
        m_result.runs = runs;
        for (const auto& contender : contenders)
            m_result.rows.push_back(row_of(contender));
        m_timed.resize(contenders.size());
        m_steps = static_cast<unsigned>(contenders.size()) * (runs + (watching == Watching::Once ? 2 : 1));
    }

    Comparison all()
    {
        each(Phase::WarmUp, &Comparer::warm_up);
        for (unsigned run = 0; run < m_result.runs; ++run)
            each(Phase::Timed, &Comparer::measure);
        for (std::size_t i = 0; i < m_result.rows.size(); ++i)
            conclude_times(i);
        if (m_watching == Watching::Once)
            each(Phase::Watched, &Comparer::watch);
        for (std::size_t i = 0; i < m_result.rows.size(); ++i)
            conclude_exits(i);
        set_ratios(m_result);
        return std::move(m_result);
    }

private:
    static ComparisonRow row_of(const Contender& contender)
    {
        ComparisonRow row;
        row.strategy = contender.configuration.strategy;
        row.reason = "it did not run";
        if (const auto* entry = find_strategy(row.strategy)) {
            row.idea = entry->info().idea;
            row.detail = entry->probe().detail;
            row.paravirtual = entry->info().guest == GuestKind::Paravirtual;
        }
        return row;
    }

    // Nothing is run of a strategy that has failed, and nothing at all once it was stopped.
    void each(Phase phase, void (Comparer::*step)(std::size_t, Seen&))
    {
        for (std::size_t i = 0; i < m_contenders.size(); ++i) {
            ++m_step;
            const auto& row = m_result.rows[i];
            bool is_out = phase != Phase::WarmUp && (!row.good() || !has_end(i));
            if (m_result.interrupted || is_out)
                continue;
            if (m_control.on_step)
                m_control.on_step({ phase, row.strategy, m_step, m_steps });
            if (auto seen = run(i, phase == Phase::Watched))
                (this->*step)(i, *seen);
        }
    }

    // A guest that is to run until its time is over has no time to compare.
    bool has_end(std::size_t i) const { return m_contenders[i].expectation.outcome != ExpectedOutcome::Timeout; }

    std::optional<Seen> run(std::size_t i, bool watched)
    {
        auto configuration = m_contenders[i].configuration;
        configuration.exact_rings = watched;
        for (;;) {
            auto session = Session::start(configuration);
            if (!session) {
                if (m_result.rows[i].outcome.empty())
                    m_result.rows[i].not_started = session.error();
                fail_row(i, session.error().message);
                return std::nullopt;
            }
            if (m_result.unconfined_because.empty())
                m_result.unconfined_because = (*session)->unconfined_because();
            Seen seen;
            auto answer = OneRun(**session, m_control).to_end(seen);
            if (answer == Answer::GoOn)
                return seen;
            m_result.interrupted = answer == Answer::Stop;
            if (m_result.interrupted)
                return std::nullopt;
        }
    }

    void fail_row(std::size_t i, std::string reason, Verdict verdict = Verdict::Failed)
    {
        m_result.rows[i].verdict = verdict;
        m_result.rows[i].reason = std::move(reason);
    }

    void warm_up(std::size_t i, Seen& seen)
    {
        auto& row = m_result.rows[i];
        const auto& expectation = m_contenders[i].expectation;
        auto judgment = judge(expectation, seen.end, seen.console, m_reference ? &*m_reference : nullptr);
        row.verdict = judgment.verdict;
        row.reason = judgment.reason;
        row.outcome = end_word(seen.end);
        if (seen.too_much)
            fail_row(i, fmt::format("it says more than {} MiB", longest_text / mebibyte));
        else if (has_end(i) && row.good() && seen.statistics.wall == 0)
            fail_row(i, "its worker did not say how long it ran");
        if (row.verdict == Verdict::AsExpected && !m_reference)
            m_reference = { row.strategy, seen.console };
        row.console = std::move(seen.console);
    }

    // Ends as in the warm-up, or the row is out.
    bool is_same(std::size_t i, const Seen& seen)
    {
        const auto& row = m_result.rows[i];
        if (end_word(seen.end) != row.outcome)
            fail_row(i, fmt::format("its runs end differently: {}, then {}: {}", row.outcome, end_word(seen.end), seen.end.result.reason),
                seen.end.cause == SessionEnd::Cause::Guest ? Verdict::Different : Verdict::Failed);
        else if (auto difference = first_difference(row.console, seen.console); !difference.empty())
            fail_row(i, "its console is another in each run: " + difference, Verdict::Different);
        return row.good();
    }

    void measure(std::size_t i, Seen& seen)
    {
        if (!is_same(i, seen))
            return;
        m_result.rows[i].runs.push_back({ seen.statistics.wall, std::move(seen.debug_output) });
        m_timed[i].push_back(std::move(seen.statistics));
    }

    void watch(std::size_t i, Seen& seen)
    {
        if (is_same(i, seen))
            m_result.rows[i].watched = std::move(seen.statistics);
    }

    void conclude_times(std::size_t i)
    {
        auto& row = m_result.rows[i];
        if (!row.good())
            return;
        std::vector<uint64_t> times;
        for (const auto& run : row.runs)
            times.push_back(run.nanoseconds);
        row.time = spread_of(std::move(times));
    }

    void conclude_exits(std::size_t i)
    {
        auto& row = m_result.rows[i];
        if (!row.good())
            row.time.reset();
        if (!row.time)
            return;
        const auto& timed = m_timed[i][median_run(row.runs)];
        row.exit_count = timed.exit_count;
        row.exits = merge_exits(timed, row.watched);
    }

    const std::vector<Contender>& m_contenders;
    const ComparisonControl& m_control;
    Watching m_watching;
    Comparison m_result;
    std::vector<std::vector<Statistics>> m_timed; // of each contender's runs
    std::optional<ReferenceConsole> m_reference;  // what all should say
    unsigned m_step = 0;
    unsigned m_steps = 0;
};

}

Comparison compare(
    const std::vector<Contender>& contenders, unsigned runs, const ComparisonControl& control, Watching watching)
{
    return Comparer(contenders, runs, control, watching).all();
}

}
