/* The IDT. */
#pragma once

#include <stdint.h>

void load_trap_gates(void);

uint32_t trap_gates_idt_address(void);
