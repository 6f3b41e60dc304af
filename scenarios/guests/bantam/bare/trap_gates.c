/*
 * The interrupt descriptor table: which code runs for which vector.
 *
 * All gates are interrupt gates, so the kernel is always entered with interrupts off
 * (SDM 3A §6.12.1). A gate's DPL says which rings may use it by an INT instruction: only the system
 * call and the breakpoint are open to ring 3; INT 14 there is a #GP, not a forged page fault.
 */
#include "trap_gates.h"

#include "privileged.h"
#include "selectors.h"
#include "trap.h"

#define IDT_ENTRIES (SYSTEM_CALL_VECTOR + 1)
#define NUMBERED_STUBS 48

#define INTERRUPT_GATE_32 0x8E00u
#define DPL_3 0x6000u

extern const uint32_t trap_stubs[NUMBERED_STUBS];
extern const uint32_t system_call_stub;

static uint64_t idt[IDT_ENTRIES];

/* SDM 3A §6.11. */
static void set_gate(uint32_t vector, uint32_t offset, uint32_t dpl)
{
    const uint32_t low = ((uint32_t)KERNEL_CODE << 16) | (offset & 0xFFFFu);
    const uint32_t high = (offset & 0xFFFF0000u) | INTERRUPT_GATE_32 | dpl;
    idt[vector] = ((uint64_t)high << 32) | low;
}

void load_trap_gates(void)
{
    for (uint32_t vector = 0; vector < NUMBERED_STUBS; vector++) {
        set_gate(vector, trap_stubs[vector], vector == VECTOR_BREAKPOINT ? DPL_3 : 0);
    }
    set_gate(SYSTEM_CALL_VECTOR, system_call_stub, DPL_3);

    const struct table_pointer table = { sizeof idt - 1, trap_gates_idt_address() };
    load_idt(&table);
}

uint32_t trap_gates_idt_address(void)
{
    return (uint32_t)idt;
}
