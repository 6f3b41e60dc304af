/*
 * Every privileged instruction that bantam's main path executes, one function each.
 *
 * This header and the folder it lies in are the whole difference between bantam on a bare
 * machine and bantam as a paravirtualized guest: paravirt/ has the same names over hypercalls.
 * kernel/machine.h lists the larger operations of the folder.
 *
 * None of the instructions here is sensitive without being privileged: outside ring 0 each of
 * them faults, so a trap-and-emulate monitor sees them all. That is why nothing here reads
 * EFLAGS (PUSHF would not fault): the kernel runs with interrupts off, always, except in
 * wait_for_interrupt().
 */
#pragma once

#include <stdint.h>

/* --- Interrupts (SDM 3A §6.8.1) --- */

static inline void disable_interrupts(void)
{
    __asm__ volatile("cli" ::: "memory");
}

static inline void enable_interrupts(void)
{
    __asm__ volatile("sti" ::: "memory");
}

/* STI takes effect after the next instruction, so no interrupt slips in before the HLT. */
static inline void wait_for_interrupt(void)
{
    __asm__ volatile("sti; hlt; cli" ::: "memory");
}

/* --- Address spaces (SDM 3A §4.3, §4.10.4) --- */

/*
 * An entry of a page directory or page table of an address space. The caller invalidates what
 * was cached. Under a monitor several changes go to it together: until finish_page_updates() they
 * may be neither in memory nor in force.
 */
static inline void set_page_entry(uint32_t* entry, uint32_t value)
{
    *(volatile uint32_t*)entry = value;
}

static inline void finish_page_updates(void)
{
}

/* From here on `directory` changes by set_page_entry() only; until release_directory(). */
static inline void register_directory(uint32_t directory)
{
    (void)directory;
}

static inline void release_directory(uint32_t directory)
{
    (void)directory;
}

static inline void invalidate_page(uint32_t address)
{
    __asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
}

static inline void load_page_directory(uint32_t physical)
{
    __asm__ volatile("movl %0, %%cr3" ::"r"(physical) : "memory");
}

/* The linear address whose access raised the last page fault. */
static inline uint32_t read_fault_address(void)
{
    uint32_t address;
    __asm__ volatile("movl %%cr2, %0" : "=r"(address));
    return address;
}

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

/* --- Descriptor tables (SDM 3A §2.4) --- */

struct __attribute__((packed)) table_pointer {
    uint16_t limit;
    uint32_t base;
};

static inline void load_gdt(const struct table_pointer* table)
{
    __asm__ volatile("lgdt %0" ::"m"(*table) : "memory");
}

static inline void load_idt(const struct table_pointer* table)
{
    __asm__ volatile("lidt %0" ::"m"(*table) : "memory");
}

static inline void load_task_register(uint32_t selector)
{
    __asm__ volatile("ltr %w0" ::"r"(selector) : "memory");
}

/* --- Ports --- */

static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
