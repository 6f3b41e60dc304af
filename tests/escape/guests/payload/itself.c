// What a worker can do to itself, and nobody else should notice.
#include "payload.h"

enum { SIGSTOP = 19, PROT_ALL = 7, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20 };

static int64_t map_everything(const struct orders *orders)
{
    int64_t result = 0;
    for (unsigned i = 0; i < ORDERS_REGIONS; ++i) {
        if (orders->program[i].bytes)
            result = call(SYS_mmap, orders->program[i].address, orders->program[i].bytes, PROT_ALL,
                MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
    }
    return result;
}

static int64_t take_memory(void)
{
    enum { CHUNK = 16 << 20, MOST = 96 };
    for (int64_t chunks = 0; chunks < MOST; ++chunks) {
        int64_t got = call(SYS_mmap, 0, CHUNK, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (got < 0 && got > -4096)
            return chunks;
        for (uint64_t at = 0; at < CHUNK; at += 4096)
            *(volatile char *)(got + (int64_t)at) = 1;
    }
    return PAYLOAD_ESCAPED;
}

static int64_t spin_forever(void)
{
    uint64_t all = ~0ull;
    call(SYS_rt_sigprocmask, 0, &all, 0, 8);
    for (;;)
        __asm__ volatile("pause");
}

// Nobody is told which call it was.
static int64_t call_silently(const struct orders *orders)
{
    uint64_t all = ~0ull;
    call(SYS_rt_sigprocmask, 0, &all, 0, 8);
    return call(SYS_open, orders->planted, 0101, 0600);
}

// A signal frame made of numbers that make no sense, privileged selectors among them.
__attribute__((naked)) static void forged_sigreturn(void)
{
    __asm__("movl $256, %ecx\n\t"
            "1: movabsq $0x8000000000000033, %rax\n\t"
            "pushq %rax\n\t"
            "loop 1b\n\t"
            "movl $15, %eax\n\t"
            "syscall\n\t"
            "ud2");
}

int64_t attack_worker_itself(const struct orders *orders)
{
    switch (orders->attack) {
    case ATTACK_map_everything: return map_everything(orders);
    case ATTACK_take_memory: return take_memory();
    case ATTACK_stop_self: return call(SYS_tgkill, call(SYS_getpid), call(SYS_gettid), SIGSTOP);
    case ATTACK_exit_silently: return call(SYS_exit_group, 0);
    case ATTACK_spin_forever: return spin_forever();
    case ATTACK_call_silently: return call_silently(orders);
    case ATTACK_forged_sigreturn: forged_sigreturn(); return 0;
    default: return -1;
    }
}
