#include "../random_platform.h"

#include "runtime.h"

enum { PIC1 = 0x20, PIT_COUNTER = 0x40, PIT_CONTROL = 0x43 };

const uint32_t code_selector = KERNEL_CODE, data_selector = KERNEL_DATA;

void start_timer(void)
{
    out8(PIC1, 0x11);
    out8(PIC1 + 1, TIMER_VECTOR);
    out8(PIC1 + 1, 4);
    out8(PIC1 + 1, 1);
    out8(PIC1 + 1, 0xFE);
    out8(PIT_CONTROL, 0x34);
    out8(PIT_COUNTER, 0xA9); // 1193 ticks: a millisecond
    out8(PIT_COUNTER, 0x04);
}

void acknowledge_timer(void)
{
    out8(PIC1, 0x20);
}

// Devices, and where nothing is.
uint32_t door(uint32_t random)
{
    static const uint32_t places[] = { 0xFEE00000, 0xFEC00000, 0xA0000, 0xB8000, 0xFFFF0000, 0xFFFFF000, 0x800000, 0 };
    return places[random % ARRAY_SIZE(places)] + (random >> 8) % 4096;
}
