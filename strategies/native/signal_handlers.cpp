// Which signals mean something to a guest, and how they get to it. The entry is in world_switch.S.
#include "strategies/native/world_switch.hpp"

#include "core/verify.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

extern "C" {
alignas(64) ringside::WorldSwitch ringside_world;
int ringside_kick_signal = 0;
void ringside_signal_entry(int, siginfo_t*, void*);
uint32_t ringside_on_guest_signal(int signal, siginfo_t* information, ucontext_t* context);
void ringside_on_monitor_signal(int signal, siginfo_t* information, ucontext_t* context);
}

namespace ringside {

namespace {

constexpr std::array fault_signals { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
constexpr std::size_t stack_bytes = 512 * 1024;

// As ringside_world: a signal handler has no other way to find them.
GuestSignals* s_guest = nullptr;
std::array<struct sigaction, fault_signals.size()> s_before {};
struct sigaction s_refused_before {}; // of SIGSYS
sigset_t s_mask_before;

// The handlers' stack, with a page below it that nobody may touch.
Result<void> make_alternate_stack()
{
    auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* memory = mmap(nullptr, stack_bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return fail(ExitCode::Unavailable, std::string("no memory for a signal stack: ") + std::strerror(errno));
    mprotect(memory, page, PROT_NONE);
    stack_t stack {};
    stack.ss_sp = static_cast<std::byte*>(memory) + page;
    stack.ss_size = stack_bytes;
    VERIFY(sigaltstack(&stack, nullptr) == 0);
    return {};
}

bool has_alternate_stack()
{
    stack_t stack {};
    return sigaltstack(nullptr, &stack) == 0 && !(stack.ss_flags & SS_DISABLE) && stack.ss_size >= stack_bytes;
}

// A handler blocks nothing: neither way out of it restores a signal mask of the monitor.
struct sigaction our_action()
{
    struct sigaction action {};
    action.sa_sigaction = ringside_signal_entry;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
    return action;
}

// A last kick may still be on its way.
void ignore_kicks()
{
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    VERIFY(sigaction(ringside_kick_signal, &ignore, nullptr) == 0);
}

// Handlers written in C++ need thread-local storage, which is not there while the guest's FS is loaded: on the thread
// that runs the guest no other signal may come.
void block_other_signals()
{
    sigset_t others;
    sigfillset(&others);
    for (int signal : fault_signals)
        sigdelset(&others, signal);
    sigdelset(&others, SIGSYS);
    sigdelset(&others, ringside_kick_signal);
    pthread_sigmask(SIG_BLOCK, &others, &s_mask_before);
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, ringside_kick_signal);
    pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
}

}

// Not a real-time signal: those queue, and a thread that did not run for a while would get all of their frames at once.
int SignalHandlers::kick_signal()
{
    return SIGUSR2;
}

// SIGSYS: a 32-bit host system call by guest code (system_call_guard.hpp). A confined worker cannot change its handler.
Result<void> SignalHandlers::prepare()
{
    if (!has_alternate_stack()) {
        if (auto made = make_alternate_stack(); !made)
            return made;
    }
    ringside_kick_signal = kick_signal();
    ignore_kicks();
    struct sigaction action = our_action(), current {};
    VERIFY(sigaction(SIGSYS, nullptr, &current) == 0);
    if ((current.sa_flags & SA_SIGINFO) && current.sa_sigaction == ringside_signal_entry)
        return {};
    s_refused_before = current;
    VERIFY(sigaction(SIGSYS, &action, nullptr) == 0);
    return {};
}

void SignalHandlers::install(GuestSignals& guest)
{
    s_guest = &guest;
    block_other_signals();
    struct sigaction action = our_action();
    for (std::size_t i = 0; i < fault_signals.size(); ++i)
        VERIFY(sigaction(fault_signals[i], &action, &s_before[i]) == 0);
    VERIFY(sigaction(ringside_kick_signal, &action, nullptr) == 0);
}

void SignalHandlers::remove()
{
    for (std::size_t i = 0; i < fault_signals.size(); ++i)
        sigaction(fault_signals[i], &s_before[i], nullptr);
    ignore_kicks();
    pthread_sigmask(SIG_SETMASK, &s_mask_before, nullptr);
    s_guest = nullptr;
}

}

using namespace ringside;

uint32_t ringside_on_guest_signal(int signal, siginfo_t* information, ucontext_t* context)
{
    return static_cast<uint32_t>(s_guest->on_guest_signal(signal, *information, *context));
}

// Not the guest. Whoever had the signal before us decides; a fault of the monitor then dies at the same place.
void ringside_on_monitor_signal(int signal, siginfo_t* information, ucontext_t* context)
{
    struct sigaction before {};
    before.sa_handler = SIG_DFL;
    if (signal == SIGSYS)
        before = s_refused_before;
    for (std::size_t i = 0; i < fault_signals.size(); ++i) {
        if (fault_signals[i] == signal)
            before = s_before[i];
    }
    if (before.sa_flags & SA_SIGINFO)
        before.sa_sigaction(signal, information, context);
    else if (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN)
        sigaction(signal, &before, nullptr);
    else
        before.sa_handler(signal);
}
