// The guest on a bare machine: the runtime of the test kernels does nearly all.
#include "escape.h"

enum { COM1 = 0x3F8, LINE_STATUS = COM1 + 5, DATA_READY = 1 };

char get(void)
{
    while (!(in8(LINE_STATUS) & DATA_READY))
        ;
    return (char)in8(COM1);
}

void allow_sse(void)
{
    write_cr4(read_cr4() | CR4_OSFXSR);
}

// A port, a device, a page.
void visit_monitor(void)
{
    (void)in8(0x61);
    (void)*(volatile uint32_t *)0xFEE00020;
    (void)*(volatile uint32_t *)0x700000;
}
