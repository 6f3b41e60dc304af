// --user and --rdtsc: how the strategy that rewrites code goes about it.
#pragma once

#include "core/machine/strategy_options.hpp"

#include <CLI/CLI.hpp>

namespace ringside {

// `options` must live as long as the command.
void add_rewriting_options(CLI::App& command, StrategyOptions& options);

}
