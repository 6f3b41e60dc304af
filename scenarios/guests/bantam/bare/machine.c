/* The parts of a bare machine, set up in the order in which they need each other. */
#include "machine.h"

#include "interrupt_controller.h"
#include "privileged.h"
#include "segments.h"
#include "trap_gates.h"
#include "workload.h"

#define CR0_MONITOR_COPROCESSOR 0x00000002u
#define CR0_EMULATION 0x00000004u
#define CR0_TASK_SWITCHED 0x00000008u
#define CR0_NUMERIC_ERROR 0x00000020u

#define MARKER_PORT 0xE8
#define DEBUG_EXIT_PORT 0xF4

const struct workload machine_workloads[1];
const unsigned machine_workload_count = 0;

/* SDM 3A §9.2.1: there is an x87 FPU, its errors arrive as #MF. */
static void initialize_fpu(void)
{
    uint32_t cr0 = read_cr0();
    cr0 &= ~(CR0_EMULATION | CR0_TASK_SWITCHED);
    cr0 |= CR0_MONITOR_COPROCESSOR | CR0_NUMERIC_ERROR;
    write_cr0(cr0);
    __asm__ volatile("fninit");
}

void machine_initialize(void)
{
    load_segments();
    load_trap_gates();
    initialize_interrupt_controllers();
    initialize_fpu();
}

struct far_pointer machine_system_call_gate(void)
{
    return (struct far_pointer) { 0, 0 };
}

void machine_marker(enum marker marker)
{
    out8(MARKER_PORT, (uint8_t)marker);
}

_Noreturn void machine_exit(uint8_t status)
{
    out8(DEBUG_EXIT_PORT, status);
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}
