/* The GDT and the TSS. */
#pragma once

#include <stdint.h>

void load_segments(void);

/* Puts a call gate of DPL 3 to `entry` at the selector CALL_GATE (for the workload `holes`). */
void set_call_gate(void (*entry)(void));

uint32_t segments_gdt_address(void);
uint32_t segments_gdt_limit(void);
