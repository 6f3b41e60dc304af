/*
 * The product of two SIZE x SIZE matrices of doubles, on the x87 FPU.
 *
 * The elements are small integers, so the product is exact, and Freivalds' check is too: for a
 * vector v, (A B) v = A (B v), computed in integers.
 */
#include "program.h"

#define MOST 256u

static double a[MOST * MOST], b[MOST * MOST], product[MOST * MOST];

static void fill(double* matrix, uint32_t size, uint32_t seed)
{
    for (uint32_t i = 0; i < size * size; i++) {
        matrix[i] = (double)(int32_t)(next_random(&seed) >> 28) - 8;
    }
}

static void multiply(uint32_t size)
{
    for (uint32_t row = 0; row < size; row++) {
        for (uint32_t column = 0; column < size; column++) {
            double sum = 0;
            for (uint32_t i = 0; i < size; i++) {
                sum += a[row * size + i] * b[i * size + column];
            }
            product[row * size + column] = sum;
        }
    }
}

static void multiply_vector(int32_t* result, const double* matrix, const int32_t* vector, uint32_t size)
{
    for (uint32_t row = 0; row < size; row++) {
        result[row] = 0;
        for (uint32_t i = 0; i < size; i++) {
            result[row] += (int32_t)matrix[row * size + i] * vector[i];
        }
    }
}

static bool product_is_right(uint32_t size)
{
    int32_t vector[MOST], b_vector[MOST], expected[MOST], found[MOST];
    uint32_t random = 3;
    for (uint32_t i = 0; i < size; i++) {
        vector[i] = (int32_t)(next_random(&random) >> 26);
    }
    multiply_vector(b_vector, b, vector, size);
    multiply_vector(expected, a, b_vector, size);
    multiply_vector(found, product, vector, size);
    return memcmp(expected, found, size * sizeof *expected) == 0;
}

bool run(const char* arguments)
{
    const uint32_t size = argument_number(arguments, "size", 128, 1, MOST);
    const uint32_t rounds = argument_number(arguments, "rounds", 1, 1, 100000);
    fill(a, size, 1);
    fill(b, size, 2);
    memset(product, 0, sizeof product);
    bench_begin();
    for (uint32_t i = 0; i < rounds; i++) {
        multiply(size);
    }
    bench_end();
    const bool right = product_is_right(size);
    print("matmul: %u x %u matrices: %s\n", size, size, verdict(right));
    return right;
}
