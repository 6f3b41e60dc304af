/*
 * What single operations cost, as in Adams & Agesen, "A Comparison of Software and Hardware Techniques for x86
 * Virtualization" (ASPLOS 2006), in their nanobenchmarks. docs/comparison.md says how to read the figures.
 *
 * The loops do little besides their operation. Whether it had its effect is looked at in the loop where that takes one
 * comparison, else behind it, when the clock has stopped.
 */
#include <stddef.h>

#include "frames.h"
#include "measure.h"
#include "paging.h"
#include "panic.h"
#include "privileged.h"
#include "schedule.h"
#include "text.h"
#include "trap.h"
#include "workloads.h"

#define SCRATCH_REGISTER 0x3FF
#define SCRATCH_VALUE 0x5A

#define LOCAL_APIC 0xFEE00000u
#define TASK_PRIORITY (0x80 / 4)

#define APIC_PAGE 0
#define FAULT_PAGE 1
#define CHANGED_PAGE 2
#define UNCACHED (PAGE_PRESENT | PAGE_WRITABLE | PAGE_WRITE_THROUGH | PAGE_CACHE_DISABLE)

static uint32_t wrong;

static uint32_t calls;
static uint64_t last_time;

static volatile uint32_t* apic;
static const volatile uint32_t* absent;
static uint32_t frames[2];

/* A device's register. The device does nothing, but it is not in the processor. */
static void in_loop(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        wrong += in8(SCRATCH_REGISTER) != SCRATCH_VALUE;
    }
}

/* The register that a 64-bit kernel writes as CR8 (SDM 3A §10.8.6). */
static void cr8wr_loop(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        apic[TASK_PRIORITY] = i & 0xFF;
    }
}

static bool check_cr8wr(uint32_t n)
{
    const bool right = apic[TASK_PRIORITY] == ((n - 1) & 0xFF);
    apic[TASK_PRIORITY] = 0;
    return right;
}

static __attribute__((naked, noinline, used)) void count_call(void)
{
    __asm__ volatile("incl %ebx\n"
                     "ret");
}

static void callret_loop(uint32_t n)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        __asm__ volatile("call count_call" : "+b"(count) : : "cc", "memory");
    }
    calls = count;
}

static bool check_callret(uint32_t n)
{
    return calls == n;
}

/* The handler of kernel/trap.c reads CR2, finds nothing to map, and goes on behind the access. */
static void pgfault_loop(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t vector;
        __asm__ volatile("movl $1f, kernel_resume_at\n"
                         "movl (%1), %%eax\n"
                         "1:"
                         : "=a"(vector)
                         : "r"(absent)
                         : "ecx", "edx", "memory");
        wrong += vector != VECTOR_PAGE_FAULT;
    }
}

static void divzero_loop(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t low = 1, high = 0, divisor = 0;
        __asm__ volatile("movl $1f, kernel_resume_at\n"
                         "divl %%ecx\n"
                         "1:"
                         : "+a"(low), "+d"(high), "+c"(divisor)
                         :
                         : "cc", "memory");
        wrong += low != 0; /* the vector */
    }
}

static uint32_t mapping(uint32_t i)
{
    return frames[i % 2] | PAGE_PRESENT | PAGE_WRITABLE;
}

/* The entry of a page in use leads elsewhere; nobody asks for that to be in force before the loop is over. */
static void ptemod_loop(uint32_t n)
{
    uint32_t* entry = window_entry(CHANGED_PAGE);
    for (uint32_t i = 0; i < n; i++) {
        set_page_entry(entry, mapping(i));
    }
}

static bool check_ptemod(uint32_t n)
{
    finish_page_updates();
    const bool right = (*window_entry(CHANGED_PAGE) & PAGE_FRAME) == frames[(n - 1) % 2];
    return *(const volatile uint32_t*)map_window(CHANGED_PAGE, mapping(n)) == n % 2 && right;
}

/* The same with what it takes to be in force, INVLPG (SDM 3A §4.10.4), and with the first use of the new mapping. */
static void remap_loop(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const volatile uint32_t* page = map_window(CHANGED_PAGE, mapping(i));
        wrong += *page != i % 2;
    }
}

static void rdtsc_loop(uint32_t n)
{
    const uint64_t first = read_time_stamp();
    for (uint32_t i = 0; i < n; i++) {
        last_time = read_time_stamp();
    }
    wrong += last_time < first;
}

static const struct {
    const char* name;
    void (*loop)(uint32_t n);
    bool (*check)(uint32_t n); /* behind the last loop */
    uint32_t count;
} operations[] = {
    { "in", in_loop, NULL, 1000 },
    { "cr8wr", cr8wr_loop, check_cr8wr, 1000 },
    { "callret", callret_loop, check_callret, 20000 },
    { "pgfault", pgfault_loop, NULL, 500 },
    { "divzero", divzero_loop, NULL, 500 },
    { "ptemod", ptemod_loop, check_ptemod, 1000 },
    { "remap", remap_loop, NULL, 500 },
    { "rdtsc", rdtsc_loop, NULL, 1000 },
};

static void prepare(void)
{
    out8(SCRATCH_REGISTER, SCRATCH_VALUE);
    apic = map_window(APIC_PAGE, LOCAL_APIC | UNCACHED);
    absent = map_window(FAULT_PAGE, 0);
    for (uint32_t i = 0; i < 2; i++) {
        frames[i] = allocate_frame();
        if (frames[i] == 0) {
            panic("no memory for %u frames", i + 1);
        }
        *(uint32_t*)physical_memory(frames[i]) = i;
    }
    wrong += *(const volatile uint32_t*)map_window(CHANGED_PAGE, mapping(0)) != 0;
}

/* The system call is measured where it begins, in ring 3. */
bool run_nanobench(const char* arguments)
{
    create_process("nanobench");
    bool all = run_processes();
    prepare();
    for (unsigned i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        const uint32_t n = operation_count(arguments, operations[i].name, operations[i].count);
        report_figure(operations[i].name, measure(operations[i].loop, n));
        wrong += operations[i].check != NULL && !operations[i].check(n);
        all = report_effect(operations[i].name, n, wrong) && all;
        wrong = 0;
    }
    print("nanobench: %s\n", all ? "ok" : "WRONG");
    return all;
}
