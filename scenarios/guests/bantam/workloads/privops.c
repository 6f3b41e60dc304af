/*
 * Privileged operations, N times each, every one with a check of its effect.
 *
 * The checks use PUSHF and SGDT, which are sensitive but not privileged: under a trap-and-emulate
 * monitor they may answer wrongly, and then this workload says so.
 */
#include "arguments.h"
#include "layout.h"
#include "memory.h"
#include "paging.h"
#include "privileged.h"
#include "segments.h"
#include "text.h"
#include "workload.h"
#include "workloads.h"

#define CARRY_FLAG 0x001u
#define INTERRUPT_FLAG 0x200u
#define CR0_TASK_SWITCHED 0x008u

static uint32_t push_flags(void)
{
    uint32_t flags;
    __asm__ volatile("pushfl; popl %0" : "=r"(flags) : : "memory");
    return flags;
}

static void pop_flags(uint32_t flags)
{
    __asm__ volatile("pushl %0; popfl" : : "r"(flags) : "memory", "cc");
}

static void store_gdt(struct table_pointer* table)
{
    __asm__ volatile("sgdt %0" : "=m"(*table));
}

static uint32_t cli_sti(uint32_t n)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n; i++) {
        enable_interrupts();
        wrong += (push_flags() & INTERRUPT_FLAG) == 0;
        disable_interrupts();
        wrong += (push_flags() & INTERRUPT_FLAG) != 0;
    }
    return wrong;
}

/* CR0.TS is free to change: nothing between the two writes uses the FPU. */
static uint32_t move_cr0(uint32_t n)
{
    const uint32_t cr0 = read_cr0();
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n; i++) {
        write_cr0(cr0 | CR0_TASK_SWITCHED);
        wrong += (read_cr0() & CR0_TASK_SWITCHED) == 0;
        write_cr0(cr0);
        wrong += read_cr0() != cr0;
    }
    return wrong;
}

static uint32_t move_cr3(uint32_t n)
{
    const uint32_t directory = (uint32_t)kernel_directory - KERNEL_BASE;
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n; i++) {
        load_page_directory(directory);
        uint32_t read_back;
        __asm__ volatile("movl %%cr3, %0" : "=r"(read_back));
        wrong += read_back != directory;
    }
    return wrong;
}

/* Two copies of one table in turn, so that the segments mean the same throughout. */
static uint32_t lgdt(uint32_t n)
{
    static uint8_t copy[256] __attribute__((aligned(8)));
    const struct table_pointer original = { (uint16_t)segments_gdt_limit(), segments_gdt_address() };
    const struct table_pointer tables[] = { original, { original.limit, (uint32_t)copy } };
    if (original.limit >= sizeof copy) {
        return n;
    }
    memcpy(copy, (const void*)original.base, original.limit + 1u);
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct table_pointer seen;
        load_gdt(&tables[(i + 1) % 2]);
        store_gdt(&seen);
        wrong += seen.base != tables[(i + 1) % 2].base || seen.limit != original.limit;
    }
    load_gdt(&original);
    return wrong;
}

static uint32_t pushf_popf(uint32_t n)
{
    const uint32_t flags = push_flags() & ~CARRY_FLAG;
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t wanted = flags | (i & 1 ? INTERRUPT_FLAG : CARRY_FLAG);
        pop_flags(wanted);
        wrong += push_flags() != wanted;
    }
    pop_flags(flags);
    return wrong;
}

static uint32_t cpuid(uint32_t n)
{
    uint32_t first[4] = { 0 };
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t now[4];
        __asm__ volatile("cpuid" : "=a"(now[0]), "=b"(now[1]), "=c"(now[2]), "=d"(now[3]) : "a"(0), "c"(0));
        if (i == 0) {
            memcpy(first, now, sizeof first);
        }
        wrong += now[0] == 0 || memcmp(first, now, sizeof first) != 0;
    }
    return wrong;
}

static uint32_t rdtsc(uint32_t n)
{
    uint64_t last = 0;
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t low, high;
        __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
        const uint64_t now = ((uint64_t)high << 32) | low;
        wrong += now < last;
        last = now;
    }
    return wrong + (last == 0);
}

static const struct {
    const char *name, *question;
    uint32_t (*run)(uint32_t n);
} operations[] = {
    { "cli, sti", "pushf sees IF as they left it", cli_sti },
    { "mov cr0", "TS reads back as written", move_cr0 },
    { "mov cr3", "reads back as written", move_cr3 },
    { "lgdt", "sgdt sees the table that lgdt loaded", lgdt },
    { "pushf, popf", "IF and CF read back as popped", pushf_popf },
    { "cpuid", "leaf 0 always answers the same", cpuid },
    { "rdtsc", "never goes backwards", rdtsc },
};

bool run_privops(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 5000, 1, 100000000);
    bool all = true;
    bench_mark("begin");
    for (unsigned i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        const uint32_t wrong = operations[i].run(n);
        print("privops: %-11s  %u times, %s: %s\n", operations[i].name, n, operations[i].question,
            wrong == 0 ? "yes" : "NO");
        all = all && wrong == 0;
    }
    bench_mark("end");
    print("privops: %s\n", all ? "ok" : "WRONG");
    return all;
}
