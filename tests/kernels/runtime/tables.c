// The descriptor tables (SDM 3A §3.4.5, §6.11), and what becomes of a trap.
#include "runtime.h"

uint64_t gdt[64];
uint64_t idt[256];
struct task_area main_area;
bool (*on_trap)(struct trap *trap);
struct trap caught;
uint32_t caught_address;
unsigned traps_taken;
uint32_t user_flags = 2;
uint8_t user_stack[8192] __attribute__((aligned(4096)));

extern uint32_t recovery;
_Noreturn void resume_probe(int vector);
void load_segments(void);

struct __attribute__((packed)) table_register {
    uint16_t limit;
    uint32_t base;
};

void set_segment(uint16_t selector, uint32_t base, uint32_t limit, uint8_t access, uint8_t flags)
{
    uint32_t low = (limit & 0xFFFF) | base << 16;
    uint32_t high = ((base >> 16) & 0xFF) | (uint32_t)access << 8 | (limit & 0xF0000) | (uint32_t)flags << 20 | (base & 0xFF000000);
    gdt[selector / 8] = (uint64_t)high << 32 | low;
}

static uint64_t gate(uint16_t selector, uint32_t offset, uint8_t access, uint8_t parameters)
{
    uint32_t low = (uint32_t)selector << 16 | (offset & 0xFFFF);
    uint32_t high = (offset & 0xFFFF0000) | (uint32_t)access << 8 | parameters;
    return (uint64_t)high << 32 | low;
}

void set_call_gate(uint16_t selector, uint16_t code, void (*entry)(void), uint8_t access, uint8_t parameters)
{
    gdt[selector / 8] = gate(code, (uint32_t)entry, access, parameters);
}

void set_gate(uint8_t vector, void (*entry)(void), uint8_t access)
{
    idt[vector] = gate(KERNEL_CODE, (uint32_t)entry, access, 0);
}

void set_task_gate(uint8_t vector, uint16_t tss, uint8_t access)
{
    idt[vector] = gate(tss, 0, access, 0);
}

void load_idt(uint16_t limit)
{
    struct table_register table = { limit, (uint32_t)idt };
    __asm__ volatile("lidt %0" : : "m"(table));
}

void take_trap(struct trap *trap)
{
    ++traps_taken;
    if (on_trap && on_trap(trap))
        return;
    caught = *trap;
    caught_address = read_cr2();
    if (recovery)
        resume_probe((int)trap->vector);
    check("no unexpected trap", 0x100, trap->vector);
    print("  at eip ");
    print_hex(trap->eip);
    print(" error code ");
    print_hex(trap->error_code);
    print(" cr2 ");
    print_hex(caught_address);
    print("\n");
    finish();
}

static void set_tables(void)
{
    set_segment(KERNEL_CODE, 0, 0xFFFFF, 0x9B, 0xC);
    set_segment(KERNEL_DATA, 0, 0xFFFFF, 0x93, 0xC);
    set_segment(USER_CODE, 0, 0xFFFFF, 0xFB, 0xC);
    set_segment(USER_DATA, 0, 0xFFFFF, 0xF3, 0xC);
    set_segment(MAIN_TSS, (uint32_t)&main_task, sizeof(main_task) - 1, 0x89, 0);
    main_task.ss0 = KERNEL_DATA;
    main_task.io_map = sizeof(main_task);
    for (unsigned vector = 0; vector < 256; ++vector)
        set_gate((uint8_t)vector, trap_entries[vector], vector == 0x80 || vector == BP || vector == OF ? 0xEE : 0x8E);
}

_Noreturn void start_runtime(uint32_t magic, uint32_t information)
{
    set_tables();
    struct table_register table = { sizeof(gdt) - 1, (uint32_t)gdt };
    __asm__ volatile("lgdt %0" : : "m"(table));
    load_segments();
    load_idt(sizeof(idt) - 1);
    __asm__ volatile("ltr %w0" : : "r"(MAIN_TSS));
    write_cr0(read_cr0() | CR0_NE | CR0_MP);
    check("multiboot magic in eax", 0x2BADB002, magic);
    kernel_main(magic, information);
    finish();
}
