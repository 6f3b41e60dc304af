/* What a ring-3 program can ask of the kernel; see shared/system_calls.h. */
#pragma once

#include <stdint.h>

#include "system_calls.h"

/* A second way into the kernel, where the kernel offers one: the operand of a far jump, see entry.S. */
struct far_pointer {
    uint32_t offset, selector;
};
extern struct far_pointer system_call_gate;

static inline uint32_t system_call(uint32_t number, uint32_t first, uint32_t second)
{
    uint32_t answer;
    if (system_call_gate.selector != 0) {
        __asm__ volatile("call system_call_by_gate"
                         : "=a"(answer), "+c"(second)
                         : "a"(number), "b"(first)
                         : "edx", "memory", "cc");
        return answer;
    }
    __asm__ volatile("int %1"
                     : "=a"(answer)
                     : "i"(SYSTEM_CALL_VECTOR), "a"(number), "b"(first), "c"(second)
                     : "memory");
    return answer;
}

_Noreturn void exit_program(uint32_t status);

/* Around the timed part of a workload. */
static inline void bench_begin(void)
{
    system_call(CALL_BENCH, 1, 0);
}

static inline void bench_end(void)
{
    system_call(CALL_BENCH, 0, 0);
}
