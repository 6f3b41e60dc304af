/* Timing loops; the contract is in measure.h. */
#include "measure.h"

#include "arguments.h"
#include "text.h"

#define MOST_OPERATIONS 10000000u
#define LINE_SIZE 64

static void empty_loop(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        __asm__ volatile("");
    }
}

/* A second at 4 GHz is the most; what takes longer has this time. */
static uint32_t time_once(void (*loop)(uint32_t n), uint32_t n)
{
    const uint64_t begin = read_time_stamp();
    loop(n);
    const uint64_t ticks = read_time_stamp() - begin;
    return ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t measure(void (*loop)(uint32_t n), uint32_t n)
{
    uint32_t with = UINT32_MAX;
    uint32_t without = UINT32_MAX;
    for (uint32_t round = 0; round < NANOBENCH_ROUNDS; round++) {
        with = least(with, time_once(loop, n));
        without = least(without, time_once(empty_loop, n));
    }
    const uint32_t ticks = with > without ? with - without : 0;
    return ticks / n * 10 + ticks % n * 10 / n;
}

static void debug_print(const char* format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    const size_t length = text_format(line, sizeof line, format, arguments);
    va_end(arguments);
    debug_write(line, length);
}

void report_figure(const char* name, uint32_t tenths)
{
    debug_print("nanobench: %s %u.%u\n", name, tenths / 10, tenths % 10);
}

uint32_t operation_count(const char* arguments, const char* name, uint32_t fallback)
{
    const uint32_t all = argument_number(arguments, "n", fallback, 1, MOST_OPERATIONS);
    return argument_number(arguments, name, all, 1, MOST_OPERATIONS);
}

int report_effect(const char* name, uint32_t n, uint32_t wrong)
{
    print("nanobench: %-7s  %u times %u, each with its effect: %s\n", name, NANOBENCH_ROUNDS, n,
        wrong == 0 ? "ok" : "NO");
    return wrong == 0;
}
