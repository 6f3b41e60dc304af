#include "runtime.h"

enum { COM1 = 0x3F8, LINE_STATUS = COM1 + 5, TRANSMITTER_EMPTY = 0x20, DEBUG_EXIT = 0xF4 };

static unsigned checks, failures;

static void put(char character)
{
    while (!(in8(LINE_STATUS) & TRANSMITTER_EMPTY))
        ;
    out8(COM1, (uint8_t)character);
}

void print(const char *text)
{
    while (*text)
        put(*text++);
}

void print_hex(uint32_t value)
{
    print("0x");
    for (int shift = 28; shift >= 0; shift -= 4)
        put("0123456789abcdef"[(value >> shift) & 15]);
}

static void print_decimal(unsigned value)
{
    if (value >= 10)
        print_decimal(value / 10);
    put((char)('0' + value % 10));
}

static void difference(const char *verdict, const char *name, uint32_t expected, uint32_t got)
{
    print(verdict);
    print(name);
    print(": expected ");
    print_hex(expected);
    print(", got ");
    print_hex(got);
    print("\n");
}

static void passed(const char *name)
{
    print("ok ");
    print(name);
    print("\n");
}

void check(const char *name, uint32_t expected, uint32_t got)
{
    ++checks;
    if (expected == got)
        return passed(name);
    ++failures;
    difference("FAILED ", name, expected, got);
}

void check_that(const char *name, bool holds)
{
    check(name, 1, holds);
}

void check_or_deviate(const char *name, uint32_t expected, uint32_t got)
{
    ++checks;
    if (expected == got)
        return passed(name);
    difference("deviates ", name, expected, got);
}

static void print_summary(void)
{
    print_decimal(failures);
    print(" of ");
    print_decimal(checks);
    print(" checks failed\n");
}

static _Noreturn void halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

_Noreturn void finish(void)
{
    print_summary();
    out32(DEBUG_EXIT, failures != 0);
    halt();
}

_Noreturn void finish_by_halting(void)
{
    if (failures != 0)
        finish();
    print_summary();
    halt();
}
