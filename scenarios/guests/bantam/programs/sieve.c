/*
 * The sieve of Eratosthenes over the numbers below N, one byte each: stores at growing strides.
 *
 * The check counts the primes without finding one, by Legendre's recurrence on the counts for
 * all quotients N / i.
 */
#include "program.h"

#define MOST 16000000u
#define ROOT_OF_MOST 4000u

static uint32_t sieve(uint8_t* composite, uint32_t n)
{
    memset(composite, 0, n);
    for (uint32_t i = 2; i < n && i <= (n - 1) / i; i++) {
        if (composite[i]) {
            continue;
        }
        for (uint32_t multiple = i * i; multiple < n; multiple += i) {
            composite[multiple] = 1;
        }
    }
    uint32_t primes = 0;
    for (uint32_t i = 2; i < n; i++) {
        primes += !composite[i];
    }
    return primes;
}

/* Primes up to and including n; small[v] and large[i] count those up to v and up to n / i. */
static uint32_t count_primes(uint32_t n)
{
    static uint32_t small[ROOT_OF_MOST + 1];
    static uint32_t large[ROOT_OF_MOST + 1];
    uint32_t root = 0;
    while ((root + 1) * (root + 1) <= n) {
        root++;
    }
    for (uint32_t i = 1; i <= root; i++) {
        small[i] = i - 1;
        large[i] = n / i - 1;
    }
    for (uint32_t p = 2; p <= root; p++) {
        if (small[p] == small[p - 1]) {
            continue;
        }
        const uint32_t below = small[p - 1];
        for (uint32_t i = 1; i <= root && i <= n / (p * p); i++) {
            const uint32_t rest = i * p <= root ? large[i * p] : small[n / (i * p)];
            large[i] -= rest - below;
        }
        for (uint32_t v = root; v >= p * p; v--) {
            small[v] -= small[v / p] - below;
        }
    }
    return n == 0 ? 0 : large[1];
}

bool run(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 1000000, 1, MOST);
    const uint32_t rounds = argument_number(arguments, "rounds", 15, 1, 100000);
    uint8_t* composite = heap();
    memset(composite, 0, n);
    uint32_t primes = 0;
    bench_begin();
    for (uint32_t i = 0; i < rounds; i++) {
        primes = sieve(composite, n);
    }
    bench_end();
    const bool right = primes == count_primes(n - 1);
    print("sieve: %u primes below %u: %s\n", primes, n, verdict(right));
    return right;
}
