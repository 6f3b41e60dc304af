/*
 * What lies where in the hypercall page, beside what core/paravirt_abi.h says. For hypercall_page.S and the C++ code that
 * must know at which instruction of it a signal came.
 */
#pragma once

#include "core/paravirt_abi.h"

/* In the system-call gate: from here on the call has been counted. */
#define PAGE_GATE_COUNTED 0x420
/* One byte, the monitor's: why a gate leads through the monitor. */
#define PAGE_WATCHED 0x4F0
#define PAGE_WATCHED_RINGS 1   /* system calls and returns are to be seen */
#define PAGE_WATCHED_RETURNS 2 /* something must be done before ring 3 runs again */
/* The address of ringside_hypercall_gate, 8 bytes. */
#define PAGE_MONITOR 0x4F8
/* 64-bit code: a step of 16 bytes a hypercall, then the jump to the monitor. */
#define PAGE_STEPS 0x500
#define PAGE_STEP_BYTES 16
#define PAGE_STEPS_END 0x720
/* 32-bit code: a RET, where hypercalls return to. */
#define PAGE_RETURN_POINT 0x720
/* 32-bit code: PV_RETURN_TO_RING_3. */
#define PAGE_RETURN_TO_RING_3 0x740
#define PAGE_RETURN_TO_RING_3_END 0x780

/* More numbers for the monitor's gate: a system call that is watched. */
#define PV_WATCHED_SYSTEM_CALL PV_ENTRIES
