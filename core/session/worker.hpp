// The worker's side of a session: the program `ringside worker ...`, which runs one VM and nothing else.
#pragma once

#include <optional>

namespace ringside {

// To be called first thing in main() by every program that starts sessions: when this process was started as a worker
// (`PROGRAM worker PARENT NAME`), runs the VM to its end and returns the process's exit status.
std::optional<int> run_worker_if_asked(int argc, char** argv);

}
