// The runs that are on the screen: which guest under which strategies, and how they begin.
#pragma once

#include "core/session/scenario.hpp"
#include "visualizer/app/run.hpp"

#include <memory>
#include <string>
#include <vector>

namespace ringside::visualizer {

inline constexpr std::size_t most_runs = 6; // at once

struct StrategyChoice {
    std::string name;
    std::string idea;      // one line, for learners
    bool available = false;
    std::string missing;   // why not
};

struct LaboratoryOptions {
    std::vector<std::string> guests {}; // scenarios or kernels; empty: the main comparison
    std::vector<std::string> strategies {}; // empty: all that are available
    std::string trace_path {};          // this file instead
    std::string worker_program {};      // "": `ringside` beside this program
};

class Laboratory {
public:
    static Result<std::unique_ptr<Laboratory>> open(const LaboratoryOptions& options);

    const std::vector<std::unique_ptr<Run>>& runs() const { return m_runs; }
    const std::vector<StrategyChoice>& strategies() const { return m_strategies; }
    const std::vector<std::string>& scenarios() const { return m_scenarios; }
    const std::vector<std::string>& guests() const { return m_guests; }
    bool shows_file() const { return !m_runs.empty() && m_runs.front()->is_file(); }

    void poll(double seconds);
    // Begins anew with this guest under the same strategies. "" or what is wrong.
    std::string choose_guest(const std::string& guest);
    bool has_guest(const std::string& guest) const;
    // Adds a guest beside those that run, or takes it away; the last one stays. "" or what is wrong.
    std::string toggle_guest(const std::string& guest);
    bool uses(const std::string& strategy) const;
    // Adds a strategy to what runs, or takes it away; the last one stays. The other runs go on. "" or what is wrong.
    std::string toggle_strategy(const std::string& strategy);

private:
    Laboratory() = default;
    std::string rearrange(std::vector<std::string> guests, std::vector<std::string> strategies);
    Result<std::vector<SessionConfiguration>> plan(
        const std::vector<std::string>& guests, const std::vector<std::string>& strategies) const;
    std::unique_ptr<Run> take_run_of(const SessionConfiguration& plan); // null: there is none

    std::string m_worker_program;
    std::vector<StrategyChoice> m_strategies;
    std::vector<std::string> m_scenarios;
    std::vector<std::string> m_guests;
    std::vector<std::string> m_chosen; // strategies
    std::vector<std::unique_ptr<Run>> m_runs;
};

}
