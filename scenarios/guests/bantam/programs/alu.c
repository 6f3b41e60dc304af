/*
 * N steps of the xorshift generator (G. Marsaglia, "Xorshift RNGs", 2003): shifts and exclusive
 * ors, every one waiting for the one before.
 *
 * The check takes another road: a step is linear over GF(2), a 32 x 32 matrix of bits; the
 * matrix is raised to the N-th power by squaring.
 */
#include "program.h"

#define SEED 2463534242u
#define BITS 32

static uint32_t step(uint32_t x)
{
    x ^= x << 13;
    x ^= x >> 17;
    return x ^ (x << 5);
}

/* A matrix is the images of the 32 unit vectors. */
static uint32_t apply(const uint32_t matrix[BITS], uint32_t vector)
{
    uint32_t image = 0;
    for (int i = 0; i < BITS; i++) {
        if ((vector >> i) & 1) {
            image ^= matrix[i];
        }
    }
    return image;
}

static void square(uint32_t matrix[BITS])
{
    uint32_t result[BITS];
    for (int i = 0; i < BITS; i++) {
        result[i] = apply(matrix, matrix[i]);
    }
    memcpy(matrix, result, sizeof result);
}

static uint32_t jump_ahead(uint32_t x, uint32_t n)
{
    uint32_t power[BITS];
    for (int i = 0; i < BITS; i++) {
        power[i] = step(1u << i);
    }
    for (; n != 0; n >>= 1) {
        if (n & 1) {
            x = apply(power, x);
        }
        square(power);
    }
    return x;
}

bool run(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 50000000, 1, 4000000000u);
    uint32_t x = SEED;
    bench_begin();
    for (uint32_t i = 0; i < n; i++) {
        x = step(x);
    }
    bench_end();
    const bool right = x == jump_ahead(SEED, n);
    print("alu: %u xorshift steps end in %x: %s\n", n, x, verdict(right));
    return right;
}
