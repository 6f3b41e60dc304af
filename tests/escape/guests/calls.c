// The host's system calls, by the numbers and registers that the host's kernel takes from 32-bit programs. They are the
// guest's own interrupts, or undefined instructions, or nothing; never an answer in EAX.
#include "escape.h"

static uint32_t number, argument, answer;

// exit 1, fork 2, open 5, unlink 10, execve 11, getpid 20, ptrace 26, kill 37, mkdir 39, socketcall 102, clone 120,
// mmap2 192, exit_group 252, tgkill 270, process_vm_writev 348 (arch/x86/entry/syscalls/syscall_32.tbl).
static const uint32_t numbers[] = { 20, 1, 2, 5, 10, 11, 26, 37, 39, 102, 120, 192, 252, 270, 348, 0xFFFFFFFF, 0x40000014 };

#define MAKE_CALL(name, instruction)                                                                                    \
    static void name(void)                                                                                              \
    {                                                                                                                   \
        uint32_t result = number;                                                                                       \
        __asm__ volatile(instruction : "+a"(result) : "b"(argument), "c"(0x41), "d"(0x180) : "memory", "cc");           \
        answer = result;                                                                                                \
    }
MAKE_CALL(call_int_80, "int $0x80")
MAKE_CALL(call_syscall, "pushl %%ecx; syscall; popl %%ecx")
MAKE_CALL(call_sysenter, "pushl %%ecx; pushl %%edx; pushl %%ebp; movl %%esp, %%ebp; sysenter; popl %%ebp; popl %%edx; popl %%ecx")

static bool settle(struct trap *trap)
{
    // A handler that returns shows what the interrupted code gets to see.
    return trap->vector == 0x80;
}

static void try_all(void (*call)(void), uint32_t expected_trap)
{
    uint32_t traps = 0, last = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(numbers); ++i) {
        number = numbers[i];
        argument = (uint32_t)orders.planted;
        unsigned before = traps_taken;
        int vector = probe(call);
        if (vector == NO_TRAP && answer != number)
            return escaped("the host answers call", number);
        traps += traps_taken - before;
        last = vector == NO_TRAP ? expected_trap : (uint32_t)vector;
    }
    held(traps == ARRAY_SIZE(numbers) ? "each a trap of the guest, the last" : "no answer; the last", last);
}

void attack_int_80(void)
{
    on_trap = settle;
    try_all(call_int_80, 0x80);
}

void attack_syscall_32(void)
{
    try_all(call_syscall, 0);
}

void attack_sysenter_32(void)
{
    try_all(call_sysenter, 0);
}
