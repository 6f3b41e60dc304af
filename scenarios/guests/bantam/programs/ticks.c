/*
 * One of the two processes that only the timer separates.
 *
 * It keeps one computation in general registers and one in the FPU going, and compares each
 * round with the first: a register that a pre-emption spoils shows.
 */
#include "program.h"

#define ROUND 20000u

static uint32_t integer_round(uint32_t seed)
{
    uint32_t state = seed;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < ROUND; i++) {
        sum ^= next_random(&state) >> 7;
    }
    return sum;
}

static double fpu_round(double seed)
{
    double value = seed;
    for (uint32_t i = 0; i < ROUND; i++) {
        value = value * 0.999 + seed;
    }
    return value;
}

bool run(const char *arguments)
{
    const uint32_t n = argument_number(arguments, "n", 10, 1, 100000);

    /* Not the same numbers in both processes: the system call answers by when it was called. */
    const uint32_t seed = system_call(CALL_YIELD, 0, 0) + 1;
    const uint32_t integer = integer_round(seed);
    const double real = fpu_round(seed);
    bool right = true;
    do {
        right = right && integer_round(seed) == integer && fpu_round(seed) == real;
    } while (system_call(CALL_PREEMPTIONS, 0, 0) < n);
    return right;
}
