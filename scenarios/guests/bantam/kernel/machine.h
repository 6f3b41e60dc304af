/*
 * What the kernel asks of the machine below it, beyond single instructions. bare/ has these functions for a bare
 * machine, paravirt/ for a monitor that is called.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Descriptor tables, interrupt controllers, FPU. Called once, first; interrupts stay off. */
void machine_initialize(void);

/* The stack on which the next entry from ring 3 starts. */
void machine_set_kernel_stack(uint32_t top);

/* A timer interrupt, vector TIMER_VECTOR, `hertz` times a second; 19 <= hertz <= 10000. */
void machine_start_timer(uint32_t hertz);

/*
 * Where ring 3 may enter the kernel besides by INT: the operand of a far jump, with EDX the address to return to. ECX and
 * EDX are lost. A selector of 0: nowhere.
 */
struct far_pointer {
    uint32_t offset, selector;
};
struct far_pointer machine_system_call_gate(void);

/* An interrupt request has been taken: the controller may send the next one of its kind. */
void machine_acknowledge_interrupt(uint32_t vector);

/* True for a vector that the controller raised although no device asked. */
int machine_interrupt_is_spurious(uint32_t vector);

void machine_console_initialize(void);
void machine_console_write(const char* text, size_t length);

/* A mark on the monitor's time line. */
enum marker { MARKER_BOOTED = 1, MARKER_PROCESS_START = 2, MARKER_PROCESS_END = 3 };
void machine_marker(enum marker marker);

/* The run is over. Status 0: it went well. */
_Noreturn void machine_exit(uint8_t status);
