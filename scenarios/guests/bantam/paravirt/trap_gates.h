/* The trap table. */
#pragma once

#include <stdint.h>

void load_trap_gates(void);

/* For `holes`: what stands for the address of the IDT. */
uint32_t trap_gates_idt_address(void);
