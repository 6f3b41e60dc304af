// The command line of the visualizer.
#pragma once

namespace ringside::visualizer {

// Returns the exit code.
int run_program(int argc, char** argv);

}
