/*
 * Blocks of SIZE bytes copied by the string instructions, REP MOVSL and REP MOVSB in turn.
 *
 * The data goes back and forth between two buffers and moves up by one byte with each return,
 * so an old copy cannot pass for a new one.
 */
#include "program.h"

#define MOST 2000000u

static uint8_t pattern(uint32_t i)
{
    return (uint8_t)(i * 167 + (i >> 8));
}

static void copy_bytes(uint8_t* to, const uint8_t* from, uint32_t size)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

static void copy_words(uint8_t* to, const uint8_t* from, uint32_t size)
{
    uint32_t words = size / 4;
    __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    copy_bytes(to, from, size % 4);
}

bool run(const char* arguments)
{
    const uint32_t size = argument_number(arguments, "size", 100000, 4, MOST);
    const uint32_t rounds = argument_number(arguments, "rounds", 1000, 1, 1000000);
    uint8_t* here = heap();
    uint8_t* there = here + MOST + PAGE_SIZE;
    for (uint32_t i = 0; i < size; i++) {
        here[i] = pattern(i);
    }
    memset(there, 0, size);

    bench_begin();
    for (uint32_t i = 0; i < rounds; i++) {
        copy_words(there, here, size);
        copy_bytes(here + 1, there, size - 1);
        here[0] = there[size - 1];
    }
    bench_end();

    /* The bytes have gone around by `rounds` places. */
    uint32_t wrong = 0;
    uint32_t from = size - rounds % size;
    for (uint32_t i = 0; i < size; i++, from++) {
        wrong += here[i] != pattern(from % size);
    }
    print("copy: %u copies of %u bytes, %u bytes wrong: %s\n", 2 * rounds, size, wrong, verdict(wrong == 0));
    return wrong == 0;
}
