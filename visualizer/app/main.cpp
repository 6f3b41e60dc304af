// ringside-visualizer: what `ringside view` opens.
#include "core/session/worker.hpp"
#include "visualizer/app/program.hpp"

#include <csignal>

int main(int argc, char** argv)
{
    if (auto status = ringside::run_worker_if_asked(argc, argv))
        return *status;
    std::signal(SIGPIPE, SIG_IGN);
    return ringside::visualizer::run_program(argc, argv);
}
