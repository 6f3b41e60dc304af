// Files, other processes, the network: whatever lies outside of the worker.
#include "payload.h"

enum { O_WRONLY = 1, O_CREAT = 0100, SIGKILL = 9, SIGUSR1 = 10 };

static int64_t create_planted(const struct orders *orders)
{
    return call(SYS_open, orders->planted, O_WRONLY | O_CREAT, 0600);
}

static int64_t execute_program(const struct orders *orders)
{
    // A shell, so that what it does can be seen.
    char command[80] = ": > ";
    for (int i = 0; i < 64; ++i)
        command[4 + i] = orders->planted[i];
    char shell[] = "/bin/sh", option[] = "-c";
    char *arguments[] = { shell, option, command, 0 };
    return call(SYS_execve, shell, arguments, 0);
}

static int64_t fork_process(const struct orders *orders)
{
    int64_t child = call(SYS_fork);
    if (child == 0) {
        create_planted(orders);
        call(SYS_exit_group, 0);
    }
    return child;
}

static int64_t move_memory(const struct orders *orders, uint64_t number)
{
    char bytes[64];
    for (int i = 0; i < 64; ++i)
        bytes[i] = (char)0xEE;
    struct iovec local = { (uint64_t)bytes, sizeof bytes }, remote = { orders->session_memory, sizeof bytes };
    return call(number, orders->session, &local, 1, &remote, 1, 0);
}

static int64_t connect_socket(const struct orders *orders)
{
    struct {
        uint16_t family, port;
        uint32_t address;
        uint64_t zero;
    } place = { 2, (uint16_t)(orders->port >> 8 | orders->port << 8), 0x0100007F, 0 };
    int64_t socket = call(SYS_socket, 2, 1, 0);
    return call(SYS_connect, socket, &place, sizeof place);
}

static int64_t signal_victim(const struct orders *orders)
{
    uint32_t information[32] = { SIGKILL, 0, (uint32_t)-1 };
    return call(SYS_rt_sigqueueinfo, orders->victim, SIGKILL, information);
}

static int64_t unconfine(void)
{
    enum { PR_SET_DUMPABLE = 4, PR_SET_SECCOMP = 22, PR_SET_NO_NEW_PRIVS = 38 };
    call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
    call(SYS_prctl, PR_SET_SECCOMP, 0, 0, 0, 0);
    return call(SYS_seccomp, 1, 0, 0);
}

// The calls that end the process or hang it are not the point.
static int64_t all_calls(const struct orders *orders)
{
    uint64_t random = orders->random;
    int64_t answers = 0;
    for (uint64_t number = 0; number < 600; ++number) {
        if (number == SYS_exit || number == SYS_exit_group || number == SYS_rt_sigreturn)
            continue;
        answers += call(number, next_random(&random) & 0xFF, 0, 0, 0, 0, 0);
    }
    return answers;
}

int64_t attack_worker_processes(const struct orders *orders)
{
    uint64_t rlimit[2] = { 4096, 4096 };
    char mem[] = "/proc/self/mem", slash[] = "/", x[] = "x";
    int64_t result = 0;
    switch (orders->attack) {
    case ATTACK_create_file: return create_planted(orders);
    case ATTACK_delete_file: return call(SYS_unlink, orders->canary);
    case ATTACK_truncate_file: return call(SYS_truncate, orders->canary, 0);
    case ATTACK_rename_file: return call(SYS_rename, orders->canary, orders->planted);
    case ATTACK_execute_program: return execute_program(orders);
    case ATTACK_fork_process: return fork_process(orders);
    case ATTACK_kill_victim: return call(SYS_kill, orders->victim, SIGKILL);
    case ATTACK_tgkill_victim: return call(SYS_tgkill, orders->victim, orders->victim, SIGKILL);
    case ATTACK_signal_victim: return signal_victim(orders);
    case ATTACK_trace_victim: return call(SYS_ptrace, 16 /* attach */, orders->victim, 0, 0);
    case ATTACK_write_session: return move_memory(orders, SYS_process_vm_writev);
    case ATTACK_read_session: return move_memory(orders, SYS_process_vm_readv);
    case ATTACK_kill_session: return call(SYS_kill, orders->session, SIGKILL);
    case ATTACK_kill_neighbor: return call(SYS_kill, orders->neighbor, SIGKILL);
    case ATTACK_connect_socket: return connect_socket(orders);
    case ATTACK_open_self: return call(SYS_openat, -100, mem, 2);
    case ATTACK_io_port: return call(SYS_iopl, 3);
    case ATTACK_unconfine: return unconfine();
    case ATTACK_raise_limits: return call(SYS_prlimit64, 0, 7, rlimit, 0);
    case ATTACK_mount_something:
        call(SYS_unshare, 0x10020000);
        return call(SYS_mount, x, slash, x, 0, 0);
    case ATTACK_new_ring: return call(SYS_io_uring_setup, 8, orders->directory);
    case ATTACK_steal_descriptor: return call(SYS_pidfd_getfd, call(SYS_pidfd_open, orders->session, 0), 0, 0);
    case ATTACK_terminal_input: return call(SYS_ioctl, 2, 0x5412, x);
    case ATTACK_other_entry:
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(37 /* kill */), "b"(orders->victim), "c"(SIGKILL) : "memory");
        return result;
    case ATTACK_x32_call: return call(0x40000000 | SYS_kill, orders->victim, SIGKILL);
    case ATTACK_all_calls: return all_calls(orders);
    default: return -1;
    }
}
