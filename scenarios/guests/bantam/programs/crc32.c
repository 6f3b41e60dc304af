/*
 * The CRC-32 of IEEE 802.3 over SIZE bytes, bit by bit: shifts and data-dependent choices.
 * The check computes it byte by byte with a table.
 */
#include "program.h"

#define POLYNOMIAL 0xEDB88320u

static uint32_t shift_out_byte(uint32_t crc)
{
    for (int bit = 0; bit < 8; bit++) {
        crc = (crc >> 1) ^ ((crc & 1) ? POLYNOMIAL : 0);
    }
    return crc;
}

static uint32_t crc_by_bits(const uint8_t *bytes, uint32_t size)
{
    uint32_t crc = 0xFFFFFFFF;
    for (uint32_t i = 0; i < size; i++) {
        crc = shift_out_byte(crc ^ bytes[i]);
    }
    return ~crc;
}

static uint32_t crc_by_table(const uint8_t *bytes, uint32_t size)
{
    static uint32_t table[256];
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = shift_out_byte(i);
    }
    uint32_t crc = 0xFFFFFFFF;
    for (uint32_t i = 0; i < size; i++) {
        crc = (crc >> 8) ^ table[(crc ^ bytes[i]) & 0xFF];
    }
    return ~crc;
}

bool run(const char *arguments)
{
    const uint32_t size = argument_number(arguments, "size", 3000000, 1, HEAP_SIZE);
    uint8_t *bytes = heap();
    uint32_t random = 1;
    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(next_random(&random) >> 24);
    }
    bench_begin();
    const uint32_t crc = crc_by_bits(bytes, size);
    bench_end();

    /* The catalogue's check value guards the polynomial. */
    const bool right = crc == crc_by_table(bytes, size) &&
                       crc_by_bits((const uint8_t *)"123456789", 9) == 0xCBF43926;
    print("crc32: %u bytes have the CRC %x: %s\n", size, crc, verdict(right));
    return right;
}
