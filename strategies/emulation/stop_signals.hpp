// The signals that StopsByBreakpoint lives by: SIGTRAP of a breakpoint, and one that a request by another thread sends to
// the thread that runs the guest. Handlers are the process's, so they are here, once, and find the guest of their thread.
#pragma once

#include <csignal>

namespace ringside {

class StopsByBreakpoint;

class StopSignals {
public:
    // False if this process cannot have them: it is traced, or a sanitizer holds signals back. May be called again.
    static bool install();

    static int request_signal();
    static int this_thread();

    // What runs the guest on this thread; null for nothing.
    static void set_running(StopsByBreakpoint* stops);
    static StopsByBreakpoint* running();

private:
    static void on_trap(int signal, siginfo_t* information, void* context);
};

}
