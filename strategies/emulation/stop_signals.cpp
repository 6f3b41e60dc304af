#include "strategies/emulation/stop_signals.hpp"

#include "core/verify.hpp"
#include "strategies/emulation/stops_by_breakpoint.hpp"

#include <csignal>
#include <fstream>
#include <string>
#include <unistd.h>

namespace ringside {

namespace {

// A signal handler can find its object only through a global. Constant initialization, in the program itself: reading
// it in a handler allocates nothing.
constinit thread_local StopsByBreakpoint* s_running = nullptr;
constinit thread_local int s_thread = 0;

struct sigaction s_previous_trap {};

void on_request(int, siginfo_t*, void* context)
{
    if (s_running)
        s_running->request(context);
}

// A trap of somebody else's breakpoint goes to whoever was there before, or ends the process as it would have.
void pass_on(int signal, siginfo_t* information, void* context)
{
    if (s_previous_trap.sa_flags & SA_SIGINFO)
        return s_previous_trap.sa_sigaction(signal, information, context);
    if (s_previous_trap.sa_handler != SIG_DFL && s_previous_trap.sa_handler != SIG_IGN)
        return s_previous_trap.sa_handler(signal);
    std::signal(signal, SIG_DFL);
    raise(signal);
}

// A debugger takes every SIGTRAP for its own, and shows it. One that attaches later has to be told to pass it on.
bool is_traced()
{
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word) {
        if (word == "TracerPid:")
            return status >> word && word != "0";
    }
    return true;
}

}

int StopSignals::request_signal()
{
    return SIGRTMIN + 4;
}

int StopSignals::this_thread()
{
    if (s_thread == 0)
        s_thread = gettid();
    return s_thread;
}

void StopSignals::set_running(StopsByBreakpoint* stops)
{
    s_running = stops;
}

StopsByBreakpoint* StopSignals::running()
{
    return s_running;
}

void StopSignals::on_trap(int signal, siginfo_t* information, void* context)
{
    if (!s_running || !s_running->handle_trap(context))
        pass_on(signal, information, context);
}

// Each time: a test framework may have taken SIGTRAP since. A request that comes while a trap is handled waits until
// Unicorn has been told to stop. The handlers stay for good, since a last request may still be on its way.
bool StopSignals::install()
{
#if defined(__SANITIZE_THREAD__)
    return false;
#endif
    struct sigaction action {}, current {};
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, request_signal());
    action.sa_sigaction = on_request;
    VERIFY(sigaction(request_signal(), &action, nullptr) == 0);
    VERIFY(sigaction(SIGTRAP, nullptr, &current) == 0);
    if (!(current.sa_flags & SA_SIGINFO) || current.sa_sigaction != on_trap) {
        s_previous_trap = current;
        action.sa_sigaction = on_trap;
        VERIFY(sigaction(SIGTRAP, &action, nullptr) == 0);
    }
    return !is_traced();
}

}
