/*
 * The trap table: which code runs for which vector. As with the gates of an IDT, an entry's ring says who may use it by an
 * INT instruction, and every handler is entered with the interrupt flag off.
 */
#include "trap_gates.h"

#include "hypercall.h"
#include "panic.h"
#include "privileged.h"
#include "trap.h"

#define NUMBERED_STUBS 48

extern const uint32_t trap_stubs[NUMBERED_STUBS];
extern const uint32_t system_call_stub;

static struct pv_trap_entry entries[NUMBERED_STUBS + 1];

void load_trap_gates(void)
{
    for (uint32_t vector = 0; vector < NUMBERED_STUBS; vector++) {
        entries[vector] = (struct pv_trap_entry) {
            .entry = trap_stubs[vector],
            .vector = (uint8_t)vector,
            .ring = vector == VECTOR_BREAKPOINT ? 3 : 0,
        };
    }
    entries[NUMBERED_STUBS]
        = (struct pv_trap_entry) { .entry = system_call_stub, .vector = SYSTEM_CALL_VECTOR, .ring = 3 };
    const struct pv_trap_table table = { (uint32_t)entries, NUMBERED_STUBS + 1 };
    demand(PV_SET_TRAP_TABLE, &table);
}

void load_idt(const struct table_pointer* table)
{
    if (table->limit != 0) {
        panic("an IDT means nothing here");
    }
    const struct pv_trap_table nothing = { 0, 0 };
    demand(PV_SET_TRAP_TABLE, &nothing);
}

uint32_t trap_gates_idt_address(void)
{
    return (uint32_t)entries;
}
