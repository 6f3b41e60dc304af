/* N system calls: to ring 0 and back. */
#include "program.h"

bool run(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 50000, 1, 1000000000);
    uint32_t wrong = 0;
    bench_begin();
    for (uint32_t i = 0; i < n; i++) {
        wrong += system_call(CALL_ADD, i, 3 * n) != i + 3 * n;
    }
    bench_end();
    print("syscalls: %u system calls, %u answered wrong: %s\n", n, wrong, verdict(wrong == 0));
    return wrong == 0;
}
