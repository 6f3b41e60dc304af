// `ringside view` on a display, as a process of its own.
#pragma once

#include "tests/support/command.hpp"
#include "tests/visualizer/app/x_display.hpp"

#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace ringside::test {

class ViewProcess {
public:
    // Its settings are in `home`.
    ViewProcess(const VirtualDisplay& display, const Scratch& home, std::vector<std::string> arguments = {});
    ~ViewProcess(); // kills it if it still runs
    ViewProcess(const ViewProcess&) = delete;
    ViewProcess& operator=(const ViewProcess&) = delete;

    pid_t process() const { return m_process; }
    std::vector<pid_t> workers() const; // its children
    // How it ended, as waitpid() says; -1 if it has not after some seconds.
    int wait();

private:
    pid_t m_process = -1;
};

}
