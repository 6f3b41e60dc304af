/*
 * The global descriptor table and the task-state segment.
 *
 * All four segments are flat: base 0, limit 4 GiB (SDM 3A §3.2.1). They exist for their privilege
 * levels; separation is the page tables' work. A descriptor (SDM 3A §3.4.5):
 *
 *   31      24 23 22 21 20 19    16 15 14 13 12 11    8 7        0
 *   base 31:24  G  D  L AVL limit    P  DPL   S  type   base 23:16     second doubleword
 *   base 15:0                        limit 15:0                        first doubleword
 */
#include "segments.h"

#include "machine.h"
#include "privileged.h"
#include "selectors.h"

#define GDT_ENTRIES 12

#define FLAT_LIMIT 0xFFFFFu
#define GRANULARITY_4K_32_BIT 0xC00000u
#define PRESENT 0x8000u
#define DPL_3 0x6000u
#define CODE_READABLE 0x1A00u
#define DATA_WRITABLE 0x1200u
#define TSS_AVAILABLE 0x0900u
#define CALL_GATE_32 0x0C00u

/* SDM 3A §7.2.1. The processor reads ss0 and esp0 when an entry comes from ring 3. */
struct task_state {
    uint32_t link;
    uint32_t esp0, ss0, esp1, ss1, esp2, ss2;
    uint32_t cr3, eip, eflags;
    uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
    uint32_t es, cs, ss, ds, fs, gs, ldt;
    uint16_t trap, io_map_offset;
};

static uint64_t gdt[GDT_ENTRIES];

/* An I/O map that starts beyond the limit: ring 3 has no port. */
static struct task_state tss = { .ss0 = KERNEL_DATA, .io_map_offset = sizeof(struct task_state) };

static uint64_t descriptor(uint32_t base, uint32_t limit, uint32_t flags)
{
    uint32_t low = (base << 16) | (limit & 0xFFFFu);
    uint32_t high = (base & 0xFF000000u) | (limit & 0xF0000u) | flags | ((base >> 16) & 0xFFu);
    return ((uint64_t)high << 32) | low;
}

static void set(uint32_t selector, uint64_t value)
{
    gdt[selector >> 3] = value;
}

void load_segments(void)
{
    const uint32_t flat = GRANULARITY_4K_32_BIT | PRESENT;
    set(KERNEL_CODE, descriptor(0, FLAT_LIMIT, flat | CODE_READABLE));
    set(KERNEL_DATA, descriptor(0, FLAT_LIMIT, flat | DATA_WRITABLE));
    set(USER_CODE, descriptor(0, FLAT_LIMIT, flat | DPL_3 | CODE_READABLE));
    set(USER_DATA, descriptor(0, FLAT_LIMIT, flat | DPL_3 | DATA_WRITABLE));
    set(TASK_SEGMENT, descriptor((uint32_t)&tss, sizeof tss - 1, PRESENT | TSS_AVAILABLE));

    const struct table_pointer table = { (uint16_t)segments_gdt_limit(), segments_gdt_address() };
    load_gdt(&table);

    /* A segment register keeps its old descriptor until it is loaded again; CS by a far jump. */
    __asm__ volatile("ljmp %0, $1f\n"
                     "1:\n"
                     "movl %1, %%ds\n"
                     "movl %1, %%es\n"
                     "movl %1, %%ss\n"
                     "movl %1, %%fs\n"
                     "movl %1, %%gs\n" ::"i"(KERNEL_CODE),
                     "r"(KERNEL_DATA)
                     : "memory");
    load_task_register(TASK_SEGMENT);
}

void machine_set_kernel_stack(uint32_t top)
{
    tss.esp0 = top;
}

/* SDM 3A §5.8.3: offset and selector in place of base and limit. */
void set_call_gate(void (*entry)(void))
{
    const uint32_t offset = (uint32_t)entry;
    const uint32_t low = ((uint32_t)KERNEL_CODE << 16) | (offset & 0xFFFFu);
    const uint32_t high = (offset & 0xFFFF0000u) | PRESENT | DPL_3 | CALL_GATE_32;
    set(CALL_GATE, ((uint64_t)high << 32) | low);
}

uint32_t segments_gdt_limit(void)
{
    return sizeof gdt - 1;
}

uint32_t segments_gdt_address(void)
{
    return (uint32_t)gdt;
}
