/*
 * The console: the first serial port, a 16550 UART, output only and polled.
 *
 * A transmitter that stays busy is given up after a bounded wait: a console that is not there
 * must not stop the kernel.
 */
#include "machine.h"
#include "privileged.h"

#define COM1 0x3F8
#define DATA (COM1 + 0)
#define INTERRUPT_ENABLE (COM1 + 1)
#define FIFO_CONTROL (COM1 + 2)
#define LINE_CONTROL (COM1 + 3)
#define MODEM_CONTROL (COM1 + 4)
#define LINE_STATUS (COM1 + 5)

#define DIVISOR_LATCH 0x80
#define EIGHT_BITS_NO_PARITY 0x03
#define DIVISOR_115200 1
#define FIFO_ENABLE_AND_CLEAR 0x07
#define DTR_AND_RTS 0x03
#define TRANSMITTER_EMPTY 0x20

void machine_console_initialize(void)
{
    out8(INTERRUPT_ENABLE, 0);
    out8(LINE_CONTROL, DIVISOR_LATCH);
    out8(DATA, DIVISOR_115200);
    out8(INTERRUPT_ENABLE, 0);
    out8(LINE_CONTROL, EIGHT_BITS_NO_PARITY);
    out8(FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
    out8(MODEM_CONTROL, DTR_AND_RTS);
}

void machine_console_write(const char* text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        for (uint32_t tries = 0; tries < 100000; tries++) {
            if (in8(LINE_STATUS) & TRANSMITTER_EMPTY) {
                break;
            }
        }
        out8(DATA, (uint8_t)text[i]);
    }
}
