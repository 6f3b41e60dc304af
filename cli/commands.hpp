// The subcommands. Each adds itself to the program with its options and its help; when the command line names it, it
// becomes the action that main() performs.
#pragma once

#include "cli/terminal.hpp"

#include <CLI/CLI.hpp>
#include <functional>

namespace ringside {

struct Program {
    CLI::App app;
    ColorChoice color = ColorChoice::Auto;
    std::function<int()> action; // returns the exit code
};

void add_strategies_command(Program& program);
void add_scenarios_command(Program& program);
void add_run_command(Program& program);
void add_compare_command(Program& program);
void add_trace_command(Program& program);
void add_audit_command(Program& program);
void add_disasm_command(Program& program);
void add_doctor_command(Program& program);
void add_demo_command(Program& program);
void add_view_command(Program& program);

}
