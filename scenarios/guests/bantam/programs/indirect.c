/*
 * N calls through a table of function pointers, in an order that takes in all eight.
 *
 * Each function is x -> a x + b modulo 2^32. The check composes the eight to one such function
 * and raises that to a power by squaring.
 */
#include "program.h"

#define FUNCTIONS 8u

#define AFFINE(i, a, b)                                                                                                \
    static __attribute__((noinline)) uint32_t affine_##i(uint32_t x)                                                   \
    {                                                                                                                  \
        return (a)*x + (b);                                                                                            \
    }
AFFINE(0, 5u, 1u)
AFFINE(1, 9u, 77u)
AFFINE(2, 13u, 3u)
AFFINE(3, 17u, 1009u)
AFFINE(4, 21u, 5u)
AFFINE(5, 25u, 70001u)
AFFINE(6, 29u, 11u)
AFFINE(7, 33u, 123457u)

typedef uint32_t (*function)(uint32_t x);

/* Volatile: the compiler may not look up in advance what is called. */
static const volatile function table[FUNCTIONS] = {
    affine_0,
    affine_1,
    affine_2,
    affine_3,
    affine_4,
    affine_5,
    affine_6,
    affine_7,
};

static uint32_t index_of(uint32_t call)
{
    return (call * 5) % FUNCTIONS;
}

struct affine {
    uint32_t a, b;
};

/* First `first`, then `second`. */
static struct affine compose(struct affine first, struct affine second)
{
    return (struct affine) { second.a * first.a, second.a * first.b + second.b };
}

static uint32_t expected(uint32_t x, uint32_t n)
{
    static const struct affine constants[FUNCTIONS] = {
        { 5, 1 },
        { 9, 77 },
        { 13, 3 },
        { 17, 1009 },
        { 21, 5 },
        { 25, 70001 },
        { 29, 11 },
        { 33, 123457 },
    };
    const struct affine identity = { 1, 0 };
    struct affine power = identity;
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        power = compose(power, constants[index_of(i)]);
    }
    struct affine result = identity;
    for (uint32_t rounds = n / FUNCTIONS; rounds != 0; rounds >>= 1) {
        if (rounds & 1) {
            result = compose(result, power);
        }
        power = compose(power, power);
    }
    for (uint32_t i = 0; i < n % FUNCTIONS; i++) {
        result = compose(result, constants[index_of(i)]);
    }
    return result.a * x + result.b;
}

bool run(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 5000000, 1, 4000000000u);
    uint32_t x = 1;
    bench_begin();
    for (uint32_t i = 0; i < n; i++) {
        x = table[index_of(i)](x);
    }
    bench_end();
    const bool right = x == expected(1, n);
    print("indirect: %u calls through a table end in %x: %s\n", n, x, verdict(right));
    return right;
}
