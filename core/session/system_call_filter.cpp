#include "core/session/system_call_filter.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <linux/seccomp.h>
#include <memory>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace ringside {

namespace {

// Interpreter: everybody whose guest does not run natively.
enum class Who : uint8_t { All, Interpreter, Native };

// What the filter looks at besides the number. It sees registers, never memory.
enum class Argument : uint8_t {
    Any,
    NotExecutable, // third: a protection without PROT_EXEC
    OwnProcess,    // first: this process
    NotSigsys,     // first: another signal than SIGSYS
};

struct AllowedCall {
    int number;
    Who who = Who::All;
    Argument argument = Argument::Any;
};

constexpr std::array allowed_calls {
    // Memory: whatever a process does to its own address space leads nowhere, because there is nothing to map but what
    // is mapped already. Guest pages are executable where the guest runs natively; an interpreter makes no new code pages.
    AllowedCall { SCMP_SYS(mmap), Who::Interpreter, Argument::NotExecutable },
    AllowedCall { SCMP_SYS(mprotect), Who::Interpreter, Argument::NotExecutable },
    AllowedCall { SCMP_SYS(mmap), Who::Native },
    AllowedCall { SCMP_SYS(mprotect), Who::Native },
    AllowedCall { SCMP_SYS(munmap) },
    AllowedCall { SCMP_SYS(mremap) },
    AllowedCall { SCMP_SYS(madvise) },
    AllowedCall { SCMP_SYS(brk) },

    // Waiting and time. The clocks are read without a call where the host's time-stamp counter is good for it.
    AllowedCall { SCMP_SYS(futex) },
    AllowedCall { SCMP_SYS(poll) },
    AllowedCall { SCMP_SYS(clock_nanosleep) },
    AllowedCall { SCMP_SYS(clock_gettime) },
    AllowedCall { SCMP_SYS(gettimeofday) },
    AllowedCall { SCMP_SYS(time) },
    AllowedCall { SCMP_SYS(sched_yield) },
    AllowedCall { SCMP_SYS(restart_syscall) }, // what the kernel makes of a wait after SIGSTOP and SIGCONT

    // The descriptors that are left: the control socket, the input stream, the account.
    AllowedCall { SCMP_SYS(recvmsg) },
    AllowedCall { SCMP_SYS(recvfrom) },
    AllowedCall { SCMP_SYS(sendmsg) },
    AllowedCall { SCMP_SYS(write) },
    AllowedCall { SCMP_SYS(close) },

    // Threads that have just started, and ends.
    AllowedCall { SCMP_SYS(set_robust_list) },
    AllowedCall { SCMP_SYS(rseq) },
    AllowedCall { SCMP_SYS(exit) },
    AllowedCall { SCMP_SYS(exit_group) },

    // Signals.
    AllowedCall { SCMP_SYS(rt_sigreturn) },
    AllowedCall { SCMP_SYS(rt_sigprocmask) },
    AllowedCall { SCMP_SYS(getpid) },
    AllowedCall { SCMP_SYS(gettid) },
    AllowedCall { SCMP_SYS(tgkill), Who::All, Argument::OwnProcess }, // abort(), kick()
    // A fault that is not the guest's is given back to whom it was before. SIGSYS stays who writes the account.
    AllowedCall { SCMP_SYS(rt_sigaction), Who::All, Argument::NotSigsys },

    AllowedCall { SCMP_SYS(modify_ldt), Who::Native }, // the guest's segments
};

bool concerns(const AllowedCall& call, RealRing guest_runs_in)
{
    return call.who == Who::All || (call.who == Who::Native) == runs_natively(guest_runs_in);
}

int add(scmp_filter_ctx filter, const AllowedCall& call)
{
    auto allow = [&](auto... comparisons) {
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call.number, sizeof...(comparisons), comparisons...);
    };
    switch (call.argument) {
    case Argument::Any:
        return allow();
    case Argument::NotExecutable:
        return allow(SCMP_A2(SCMP_CMP_MASKED_EQ, scmp_datum_t { PROT_EXEC }, scmp_datum_t { 0 }));
    case Argument::OwnProcess:
        return allow(SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid())));
    case Argument::NotSigsys:
        return allow(SCMP_A0(SCMP_CMP_NE, scmp_datum_t { SIGSYS }));
    }
    return -EINVAL;
}

// A call with this file as its first argument.
int add_for_file(scmp_filter_ctx filter, int number, int descriptor)
{
    auto is_file = SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(descriptor));
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, is_file);
}

int add_disk(scmp_filter_ctx filter, int descriptor)
{
    int error = add_for_file(filter, SCMP_SYS(pread64), descriptor);
    return error != 0 ? error : add_for_file(filter, SCMP_SYS(pwrite64), descriptor);
}

int add_file(scmp_filter_ctx filter, const StrategyFile& file)
{
    switch (file.use) {
    case StrategyFile::Use::Mapping:
        return 0;
    case StrategyFile::Use::Control:
        return add_for_file(filter, SCMP_SYS(ioctl), file.descriptor);
    case StrategyFile::Use::Reading:
        return add_for_file(filter, SCMP_SYS(pread64), file.descriptor);
    }
    return -EINVAL;
}

// Negative errno, as libseccomp's own functions return.
int load_filter(const ConfinementPlan& plan)
{
    std::unique_ptr<void, decltype(&seccomp_release)> filter(seccomp_init(SCMP_ACT_TRAP), &seccomp_release);
    if (!filter)
        return -ENOMEM;
    int error = seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP);
    if (error == 0)
        error = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
    for (const auto& call : allowed_calls) {
        if (error == 0 && concerns(call, plan.guest_runs_in))
            error = add(filter.get(), call);
    }
    for (int disk : plan.disks) {
        if (error == 0)
            error = add_disk(filter.get(), disk);
    }
    for (const auto& file : plan.files) {
        if (error == 0)
            error = add_file(filter.get(), file);
    }
    return error == 0 ? seccomp_load(filter.get()) : error;
}

}

std::string system_call_filter_obstacle()
{
    uint32_t trap = SECCOMP_RET_TRAP;
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &trap) == 0)
        return "";
    return fmt::format("this kernel offers no seccomp filters: {}", std::strerror(errno));
}

Result<void> install_system_call_filter(const ConfinementPlan& plan)
{
    if (int error = load_filter(plan); error != 0)
        return fail(ExitCode::Unavailable,
            fmt::format("cannot confine the worker process: its seccomp filter is refused: {}", std::strerror(-error)));
    return {};
}

}
