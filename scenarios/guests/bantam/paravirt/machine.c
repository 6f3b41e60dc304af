/* kernel/machine.h by hypercalls: interrupt controllers, timer and console are the monitor's. */
#include "machine.h"

#include "hypercall.h"
#include "layout.h"
#include "machine_workloads.h"
#include "panic.h"
#include "trap_gates.h"
#include "workload.h"

#define NANOSECONDS 1000000000u

const struct workload machine_workloads[] = { { "disk", run_disk }, { "hypercalls", run_hypercalls } };
const unsigned machine_workload_count = sizeof machine_workloads / sizeof machine_workloads[0];

extern void system_call_entry(void);

void demand(uint32_t number, const volatile void* structure)
{
    const int32_t answer = hypercall(number, structure);
    if (answer != PV_OK) {
        panic("hypercall %u answers %u below zero", number, (uint32_t)-answer);
    }
}

/* Ring 3's segments end below the kernel; separation is theirs here, not the page tables'. */
void machine_initialize(void)
{
    const struct pv_boundary boundary = { KERNEL_BASE };
    demand(PV_SET_BOUNDARY, &boundary);
    load_trap_gates();
    shared_info()->system_call_entry = (uint32_t)system_call_entry;
    __asm__ volatile("fninit");
}

void machine_set_kernel_stack(uint32_t top)
{
    shared_info()->kernel_stack = top;
}

struct far_pointer machine_system_call_gate(void)
{
    return (struct far_pointer) { PV_SYSTEM_CALL_GATE, PV_GATE_SELECTOR };
}

void machine_start_timer(uint32_t hertz)
{
    const struct pv_timer timer = { NANOSECONDS / hertz };
    demand(PV_SET_TIMER, &timer);
}

/* An event is over when it has been taken, and none comes that no device asked for. */
void machine_acknowledge_interrupt(uint32_t vector)
{
    (void)vector;
}

int machine_interrupt_is_spurious(uint32_t vector)
{
    (void)vector;
    return 0;
}

void machine_console_initialize(void)
{
}

void machine_console_write(const char* text, size_t length)
{
    while (length > 0) {
        const uint32_t size = length < PV_MOST_TEXT ? length : PV_MOST_TEXT;
        const struct pv_console console = { (uint32_t)text, size, 0 };
        hypercall(PV_CONSOLE_WRITE, &console);
        text += size;
        length -= size;
    }
}

void machine_marker(enum marker marker)
{
    const struct pv_mark mark = { marker };
    demand(PV_MARK, &mark);
}

_Noreturn void machine_exit(uint8_t status)
{
    const struct pv_exit exit = { status };
    for (;;) {
        hypercall(PV_EXIT, &exit);
    }
}
