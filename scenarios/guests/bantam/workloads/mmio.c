/*
 * N accesses of a device in memory: the local APIC's registers (SDM 3A §10.4.1, table 10-1).
 *
 * Each round writes the task-priority register, reads it back, and reads the version register.
 */
#include "arguments.h"
#include "paging.h"
#include "text.h"
#include "workload.h"
#include "workloads.h"

#define LOCAL_APIC 0xFEE00000u
#define VERSION (0x30 / 4)
#define TASK_PRIORITY (0x80 / 4)

#define WINDOW_PAGE 0
#define UNCACHED (PAGE_PRESENT | PAGE_WRITABLE | PAGE_WRITE_THROUGH | PAGE_CACHE_DISABLE)

/* SDM 3A §10.4.8: 10H to 15H is a local APIC inside the processor. */
static bool is_integrated_apic(uint32_t version)
{
    return (version & 0xF0) == 0x10;
}

bool run_mmio(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 30000, 3, 100000000);
    volatile uint32_t* apic = map_window(WINDOW_PAGE, LOCAL_APIC | UNCACHED);
    uint32_t wrong = 0;
    bench_mark("begin");
    for (uint32_t i = 0; i < n / 3; i++) {
        const uint32_t priority = i & 0xFF;
        apic[TASK_PRIORITY] = priority;
        wrong += apic[TASK_PRIORITY] != priority;
        wrong += !is_integrated_apic(apic[VERSION]);
    }
    bench_mark("end");
    apic[TASK_PRIORITY] = 0;
    print("mmio: %u local APIC accesses, %u read back wrong: %s\n", n / 3 * 3, wrong, wrong == 0 ? "ok" : "WRONG");
    return wrong == 0;
}
