#include "bench/support/host_prices.hpp"

#include <csignal>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace ringside {

namespace {

void skip_hlt(int, siginfo_t*, void* context)
{
    ++static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
}

}

double bare_signal(uint32_t count)
{
    struct sigaction action {}, before {};
    action.sa_sigaction = skip_hlt;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &before);
    auto start = now_of_process(getpid());
    for (uint32_t i = 0; i < count; ++i)
        __asm__ volatile("hlt");
    auto used = now_of_process(getpid()) - start;
    sigaction(SIGSEGV, &before, nullptr);
    return used.wall / count;
}

Moment bare_system_call(uint32_t count)
{
    auto start = now_of_process(getpid());
    for (uint32_t i = 0; i < count; ++i)
        syscall(SYS_getppid);
    return (now_of_process(getpid()) - start) / count;
}

}
