#include "strategies/native/system_call_guard.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string>
#include <sys/prctl.h>

namespace ringside {

Result<void> guard_system_calls()
{
    static thread_local bool s_guarded = false;
    if (s_guarded)
        return {};
    std::array<sock_filter, 4> filter { {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    } };
    sock_fprog program { filter.size(), filter.data() };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        return fail(ExitCode::Unavailable, std::string("the host refuses a seccomp filter: ") + std::strerror(errno),
            "use a kernel with CONFIG_SECCOMP_FILTER");
    s_guarded = true;
    return {};
}

}
