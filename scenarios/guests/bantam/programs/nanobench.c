/* The ring-3 half of nanobench: a system call, from ring 3 to ring 0 and back. The other operations are ring 0's. */
#include "measure.h"
#include "program.h"

static uint32_t wrong;

static void system_call_loop(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        wrong += system_call(CALL_ADD, i, n) != i + n;
    }
}

bool run(const char* arguments)
{
    const uint32_t n = operation_count(arguments, "syscall", 1000);
    report_figure("syscall", measure(system_call_loop, n));
    return report_effect("syscall", n, wrong);
}
