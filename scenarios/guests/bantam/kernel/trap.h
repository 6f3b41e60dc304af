/* Traps: exceptions, interrupts and system calls, all of which enter by bare/entry.S. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "system_calls.h"

#define VECTOR_BREAKPOINT 3
#define VECTOR_GENERAL_PROTECTION 13
#define VECTOR_PAGE_FAULT 14
#define FIRST_INTERRUPT_VECTOR 32
#define TIMER_VECTOR 32
#define LAST_INTERRUPT_VECTOR 47

/* SDM 3A §4.7, figure 4-12. */
#define FAULT_PRESENT 0x1u
#define FAULT_WRITE 0x2u
#define FAULT_RING_3 0x4u

/* The kernel stack during a trap, lowest address first. */
struct trap_frame {
    uint32_t edi, esi, ebp, unused_esp, ebx, edx, ecx, eax; /* PUSHA */
    uint32_t vector, error_code;                            /* the stub */
    uint32_t eip, cs, eflags;                               /* the processor */
    uint32_t esp, ss;                                       /* the processor, from ring 3 only */
};

static inline uint32_t ring_of(const struct trap_frame* frame)
{
    return frame->cs & 3;
}

void handle_trap(struct trap_frame* frame);

/* One line: what happened, where. */
void describe_trap(const struct trap_frame* frame);

/*
 * Where the kernel's own next exception goes on; 0: it is fatal. It goes on with the vector in
 * EAX, the error code in EDX and the ring in the saved CS in ECX.
 */
extern uint32_t kernel_resume_at;

/* The ring that a breakpoint instruction finds the kernel in: that of the CS it pushes. */
uint32_t ring_by_breakpoint(void);

/* Serves a page fault on a heap or stack page that is not there yet; false: it is an error. */
bool give_page_on_demand(const struct trap_frame* frame);

void handle_system_call(struct trap_frame* frame);
