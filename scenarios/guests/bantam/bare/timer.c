/*
 * The 8254 interval timer's channel 0, which drives interrupt request 0.
 *
 * Mode 2, the rate generator: the counter runs from the divisor to 1 and starts over, with one
 * interrupt a period (8254 data sheet, "Mode 2").
 */
#include "machine.h"
#include "privileged.h"

#define CHANNEL_0 0x40
#define COMMAND 0x43
#define CHANNEL_0_LOW_HIGH_MODE_2 0x34
#define INPUT_HERTZ 1193182u

void machine_start_timer(uint32_t hertz)
{
    const uint32_t divisor = INPUT_HERTZ / hertz;
    out8(COMMAND, CHANNEL_0_LOW_HIGH_MODE_2);
    out8(CHANNEL_0, (uint8_t)divisor);
    out8(CHANNEL_0, (uint8_t)(divisor >> 8));
}
