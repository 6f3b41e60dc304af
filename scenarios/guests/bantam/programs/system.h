/* What a ring-3 program can ask of the kernel; see shared/system_calls.h. */
#pragma once

#include <stdint.h>

#include "system_calls.h"

static inline uint32_t system_call(uint32_t number, uint32_t first, uint32_t second)
{
    uint32_t answer;
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
