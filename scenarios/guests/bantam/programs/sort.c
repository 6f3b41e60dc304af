/*
 * Shell sort of N pseudo-random words, ROUNDS times: loads, compares and stores at changing distances.
 *
 * The check: the words are in order, and their sum and exclusive or are the ones from before.
 */
#include "program.h"

#define MOST (HEAP_SIZE / sizeof(uint32_t))

struct digest {
    uint32_t sum, exclusive_or;
};

static struct digest digest(const uint32_t* words, uint32_t n)
{
    struct digest result = { 0, 0 };
    for (uint32_t i = 0; i < n; i++) {
        result.sum += words[i];
        result.exclusive_or ^= words[i];
    }
    return result;
}

static void shell_sort(uint32_t* words, uint32_t n)
{
    uint32_t gap = 1;
    while (gap < n / 3) {
        gap = 3 * gap + 1;
    }
    for (; gap != 0; gap /= 3) {
        for (uint32_t i = gap; i < n; i++) {
            const uint32_t word = words[i];
            uint32_t at = i;
            for (; at >= gap && words[at - gap] > word; at -= gap) {
                words[at] = words[at - gap];
            }
            words[at] = word;
        }
    }
}

static bool is_sorted(const uint32_t* words, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        if (words[i - 1] > words[i]) {
            return false;
        }
    }
    return true;
}

static void fill(uint32_t* words, uint32_t n)
{
    uint32_t random = 1;
    for (uint32_t i = 0; i < n; i++) {
        words[i] = next_random(&random);
    }
}

bool run(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 200000, 1, MOST);
    const uint32_t rounds = argument_number(arguments, "rounds", 1, 1, 100000);
    uint32_t* words = heap();
    fill(words, n);
    const struct digest before = digest(words, n);
    bench_begin();
    shell_sort(words, n);
    for (uint32_t i = 1; i < rounds; i++) {
        fill(words, n);
        shell_sort(words, n);
    }
    bench_end();
    const struct digest after = digest(words, n);
    const bool right = is_sorted(words, n) && after.sum == before.sum && after.exclusive_or == before.exclusive_or;
    print("sort: %u words, the middle one is %x: %s\n", n, words[n / 2], verdict(right));
    return right;
}
