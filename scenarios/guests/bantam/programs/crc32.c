/*
 * The CRC-32 of IEEE 802.3, bit by bit: shifts and data-dependent choices. The message is SIZE
 * bytes, ROUNDS times over. The check goes byte by byte with a table.
 */
#include "program.h"

#define POLYNOMIAL 0xEDB88320u
#define ALL_ONES 0xFFFFFFFFu

static uint32_t shift_out_byte(uint32_t crc)
{
    for (int bit = 0; bit < 8; bit++) {
        crc = (crc >> 1) ^ ((crc & 1) ? POLYNOMIAL : 0);
    }
    return crc;
}

/* Both take the register from the part of the message before, at first all ones. */
static uint32_t crc_by_bits(uint32_t crc, const uint8_t* bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        crc = shift_out_byte(crc ^ bytes[i]);
    }
    return crc;
}

static uint32_t crc_by_table(uint32_t crc, const uint8_t* bytes, uint32_t size)
{
    static uint32_t table[256];
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = shift_out_byte(i);
    }
    for (uint32_t i = 0; i < size; i++) {
        crc = (crc >> 8) ^ table[(crc ^ bytes[i]) & 0xFF];
    }
    return crc;
}

bool run(const char* arguments)
{
    const uint32_t size = argument_number(arguments, "size", 500000, 1, HEAP_SIZE);
    const uint32_t rounds = argument_number(arguments, "rounds", 16, 1, 100000);
    uint8_t* bytes = heap();
    uint32_t random = 1;
    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(next_random(&random) >> 24);
    }
    uint32_t crc = ALL_ONES;
    bench_begin();
    for (uint32_t i = 0; i < rounds; i++) {
        crc = crc_by_bits(crc, bytes, size);
    }
    bench_end();

    uint32_t expected = ALL_ONES;
    for (uint32_t i = 0; i < rounds; i++) {
        expected = crc_by_table(expected, bytes, size);
    }
    /* The catalogue's check value guards the polynomial. */
    const bool right = crc == expected && ~crc_by_bits(ALL_ONES, (const uint8_t*)"123456789", 9) == 0xCBF43926;
    print("crc32: %u x %u bytes have the CRC %x: %s\n", rounds, size, ~crc, verdict(right));
    return right;
}
