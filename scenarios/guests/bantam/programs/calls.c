/* Recursive Fibonacci: about 1.6 * 1.618^n calls and returns. Checked by the loop. */
#include "program.h"

/* The empty assembly keeps the compiler from turning a call into a loop. */
static __attribute__((noinline)) uint32_t fibonacci(uint32_t n)
{
    if (n < 2) {
        return n;
    }
    uint32_t sum = fibonacci(n - 1);
    __asm__ volatile("" : "+r"(sum));
    sum += fibonacci(n - 2);
    __asm__ volatile("" : "+r"(sum));
    return sum;
}

static uint32_t fibonacci_loop(uint32_t n)
{
    uint32_t a = 0;
    uint32_t b = 1;
    for (; n != 0; n--) {
        const uint32_t next = a + b;
        a = b;
        b = next;
    }
    return a;
}

bool run(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 33, 1, 47);
    bench_begin();
    const uint32_t result = fibonacci(n);
    bench_end();
    const bool right = result == fibonacci_loop(n);
    print("calls: Fibonacci number %u is %u: %s\n", n, result, verdict(right));
    return right;
}
