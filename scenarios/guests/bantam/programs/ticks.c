/*
 * One of the two processes that only the timer separates.
 *
 * It repeats one computation in general registers and one in the FPU, and compares each round
 * with the first: a register that a pre-emption spoils shows.
 */
#include "program.h"

#define ROUND 20000u

/* Keeps the compiler from seeing that two rounds are the same. */
static uint32_t opaque(uint32_t value)
{
    __asm__ volatile("" : "+r"(value));
    return value;
}

/* Five running values and the counter: with the stack pointer nearly all registers. */
static __attribute__((noinline)) uint32_t integer_round(uint32_t seed)
{
    uint32_t a = seed, b = seed + 1, c = seed + 2, d = seed + 3, e = seed + 4;
    for (uint32_t i = 0; i < ROUND; i++) {
        a = a * 5 + e;
        b ^= a;
        c += b;
        d = (d << 1) - c;
        e ^= d;
    }
    return a ^ b ^ c ^ d ^ e;
}

/* Three running values on the FPU's register stack. */
static __attribute__((noinline)) double fpu_round(uint32_t seed)
{
    const double step = (double)(int32_t)seed;
    double x = step, y = 1, z = 0;
    for (uint32_t i = 0; i < ROUND; i++) {
        x = x * 0.5 + step;
        y = y * 0.25 + x;
        z += y - x;
    }
    /* By way of memory: in its registers the FPU keeps more digits than a double has. */
    double sum = x + y + z;
    __asm__ volatile("" : "+m"(sum));
    return sum;
}

bool run(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 10, 1, 100000);

    /* Not the same numbers in both processes: the system call answers by when it was called. */
    const uint32_t seed = system_call(CALL_YIELD, 0, 0);
    const uint32_t integer = integer_round(opaque(seed));
    const double real = fpu_round(opaque(seed));
    bool right = true;
    do {
        right = right && integer_round(opaque(seed)) == integer;
        right = right && fpu_round(opaque(seed)) == real;
    } while (system_call(CALL_PREEMPTIONS, 0, 0) < n);
    return right;
}
