// From the words of a command line to the runs of a comparison.
#pragma once

#include "cli/run_options.hpp"
#include "core/result.hpp"
#include "core/session/comparison_run.hpp"
#include "core/session/scenario.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ringside {

struct CompareOptions {
    RunOptions guest;                      // its strategy is not looked at
    std::optional<std::string> strategies; // "trap,rewriting"; without it, all that this host offers
    unsigned runs = 5;
    std::string json_path;
    std::string csv_path;
    std::string markdown_path;
    std::string html_path;
    bool quiet = false;
};

struct ComparePlan {
    std::vector<Contender> contenders;
    std::vector<MissingStrategy> missing;
};

// Errors: Usage, for a name that no strategy has; Unavailable, for a strategy that was asked for by its name and is not
// here, or when there is none at all; what configure_session() says.
Result<ComparePlan> plan_comparison(const CompareOptions& options, const Scenario& scenario);

// What the figures are taken on.
std::vector<std::pair<std::string, std::string>> host_label();

}
