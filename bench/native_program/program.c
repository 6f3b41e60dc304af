/*
 * What a compute kernel needs of its surroundings, from the host's Linux in place of bantam. The objects of the program
 * itself are the guest's: it calls the "kernel" through its gate. The heap is where the guest's programs have theirs:
 * zeros, on first touch.
 */
#include "program.h"

#define LINUX_EXIT 1
#define LINUX_WRITE 4
#define LINUX_MMAP 90

struct far_pointer system_call_gate = { 0, 1 }; /* any selector but 0: there is a gate */

static int32_t linux_call(uint32_t number, uint32_t first, uint32_t second, uint32_t third)
{
    int32_t answer;
    __asm__ volatile("int $0x80" : "=a"(answer) : "a"(number), "b"(first), "c"(second), "d"(third) : "memory");
    return answer;
}

void console_write(const char* text, size_t length)
{
    linux_call(LINUX_WRITE, 1, (uint32_t)text, length);
}

_Noreturn void exit_program(uint32_t status)
{
    linux_call(LINUX_EXIT, status, 0, 0);
    __builtin_unreachable();
}

_Noreturn void stop_with_failure(void)
{
    exit_program(1);
}

uint32_t host_system_call(uint32_t number, uint32_t first, uint32_t second)
{
    (void)second;
    if (number != CALL_BENCH) {
        return BAD_CALL;
    }
    print(first != 0 ? "bench: begin\n" : "bench: end\n");
    return 0;
}

/* mmap(): private, anonymous, at a fixed address, readable and writable. */
static void map_heap(void)
{
    uint32_t arguments[6] = { USER_HEAP, HEAP_SIZE, 3, 0x32, 0xFFFFFFFF, 0 };
    if ((uint32_t)linux_call(LINUX_MMAP, (uint32_t)arguments, 0, 0) != USER_HEAP) {
        exit_program(2);
    }
}

_Noreturn void host_main(const char* arguments)
{
    map_heap();
    exit_program(run(arguments) ? 0 : 1);
}
