// What `ringside run` was asked for, and the session that follows from it.
#pragma once

#include "core/result.hpp"
#include "core/session/scenario.hpp"
#include "core/session/settings.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ringside {

struct RunOptions {
    std::string guest;
    std::string strategy = "emulation";
    std::optional<std::string> switches; // as switch_list.hpp says
    StrategyOptions strategy_options {};
    std::optional<int64_t> memory_mebibytes; // without it the scenario's, or the default
    std::vector<std::string> modules;
    std::vector<std::string> append;
    std::vector<std::string> disks;
    std::optional<double> timeout_seconds; // without it the scenario's, or none; 0: none
    ClockKind clock = ClockKind::Host;
    std::string trace_path;
    std::string json_path;
    bool statistics = false;
    bool story = false;
    bool timeline = false;
    bool screen = false;
    bool quiet = false;

    bool recording() const { return story || timeline || !trace_path.empty(); }
};

// Usage for an unknown name, with the list of those there are.
Result<void> check_strategy(const std::string& name);

// The options with the scenario's or kernel's own settings. Usage errors; no image has been looked at.
Result<SessionConfiguration> configure_session(const RunOptions& options, const Scenario& scenario);

}
