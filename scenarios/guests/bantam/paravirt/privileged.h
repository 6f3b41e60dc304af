/*
 * What bare/privileged.h does by privileged instructions, done by a monitor that is called: stores to the page that guest
 * and monitor share where that is enough, hypercalls where it is not. docs/porting-to-hypercalls.md goes through the
 * two files side by side.
 */
#pragma once

#include <stdint.h>

#include "core/paravirt_abi.h"
#include "hypercall.h"

/* --- Interrupts: a flag in memory in the place of EFLAGS.IF --- */

static inline void disable_interrupts(void)
{
    shared_info()->interrupts = 0;
    __asm__ volatile("" ::: "memory");
}

/* An event that came while the flag was off has left a note. */
static inline void enable_interrupts(void)
{
    __asm__ volatile("" ::: "memory");
    shared_info()->interrupts = 1;
    if (shared_info()->attention != 0) {
        hypercall(PV_TAKE_EVENTS, NULL);
    }
}

static inline void wait_for_interrupt(void)
{
    hypercall(PV_HALT, NULL);
    disable_interrupts();
}

/* --- Address spaces: changes are collected and handed over together --- */

void set_page_entry(uint32_t* entry, uint32_t value);
void finish_page_updates(void);

/* A change is in force when it has been handed over. */
static inline void invalidate_page(uint32_t address)
{
    (void)address;
}

static inline void register_directory(uint32_t directory)
{
    const struct pv_address_space space = { directory };
    demand(PV_CREATE_ADDRESS_SPACE, &space);
}

static inline void release_directory(uint32_t directory)
{
    const struct pv_address_space space = { directory };
    demand(PV_DESTROY_ADDRESS_SPACE, &space);
}

static inline void load_page_directory(uint32_t physical)
{
    const struct pv_address_space space = { physical };
    finish_page_updates();
    demand(PV_SWITCH_ADDRESS_SPACE, &space);
}

static inline uint32_t read_fault_address(void)
{
    return shared_info()->fault_address;
}

/* --- Ports --- */

static inline void out8(uint16_t port, uint8_t value)
{
    const struct pv_port access = { port, 1, 1, value };
    demand(PV_PORT, &access);
}

static inline uint8_t in8(uint16_t port)
{
    struct pv_port access = { port, 1, 0, 0 };
    demand(PV_PORT, &access);
    return (uint8_t)access.value;
}

/* --- What is too rare to be worth a hypercall: the instructions trap, and the monitor emulates them --- */

static inline uint32_t read_cr0(void)
{
    uint32_t value;
    __asm__ volatile("movl %%cr0, %0" : "=r"(value));
    return value;
}

static inline void write_cr0(uint32_t value)
{
    __asm__ volatile("movl %0, %%cr0" ::"r"(value) : "memory");
}

struct __attribute__((packed)) table_pointer {
    uint16_t limit;
    uint32_t base;
};

/* It says nothing about the segments: those are the monitor's. */
static inline void load_gdt(const struct table_pointer* table)
{
    __asm__ volatile("lgdt %0" ::"m"(*table) : "memory");
}

/* The trap table has the place of the IDT. Only an empty one can be loaded like this. */
void load_idt(const struct table_pointer* table);
