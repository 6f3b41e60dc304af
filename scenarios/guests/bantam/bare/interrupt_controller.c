/*
 * The pair of 8259A interrupt controllers, as the PC wires them: the second one's output is
 * input 2 of the first. After reset they raise vectors that protected mode keeps for exceptions,
 * so they are moved to 32-47 (8259A data sheet, "Programming the 8259A").
 */
#include "interrupt_controller.h"

#include "machine.h"
#include "privileged.h"
#include "trap.h"

#define FIRST_COMMAND 0x20
#define FIRST_DATA 0x21
#define SECOND_COMMAND 0xA0
#define SECOND_DATA 0xA1

#define ICW1_CASCADE_NEEDS_ICW4 0x11
#define ICW4_8086_MODE 0x01
#define OCW2_END_OF_INTERRUPT 0x20
#define OCW3_READ_IN_SERVICE 0x0B

#define CASCADE_INPUT 2
#define ALL_BUT_TIMER 0xFE
#define ALL 0xFF

void initialize_interrupt_controllers(void)
{
    out8(FIRST_COMMAND, ICW1_CASCADE_NEEDS_ICW4);
    out8(SECOND_COMMAND, ICW1_CASCADE_NEEDS_ICW4);
    out8(FIRST_DATA, TIMER_VECTOR);
    out8(SECOND_DATA, TIMER_VECTOR + 8);
    out8(FIRST_DATA, 1 << CASCADE_INPUT);
    out8(SECOND_DATA, CASCADE_INPUT);
    out8(FIRST_DATA, ICW4_8086_MODE);
    out8(SECOND_DATA, ICW4_8086_MODE);

    out8(FIRST_DATA, ALL_BUT_TIMER);
    out8(SECOND_DATA, ALL);
}

void machine_acknowledge_interrupt(uint32_t vector)
{
    if (vector >= TIMER_VECTOR + 8) {
        out8(SECOND_COMMAND, OCW2_END_OF_INTERRUPT);
    }
    out8(FIRST_COMMAND, OCW2_END_OF_INTERRUPT);
}

/* A request that vanished before it was taken arrives as input 7, with no in-service bit. */
int machine_interrupt_is_spurious(uint32_t vector)
{
    const uint32_t input = vector - TIMER_VECTOR;
    if (input % 8 != 7) {
        return 0;
    }
    const uint16_t command = input < 8 ? FIRST_COMMAND : SECOND_COMMAND;
    out8(command, OCW3_READ_IN_SERVICE);
    return (in8(command) & 0x80) == 0;
}
