// Attacks by way of the guest's own descriptor tables and model-specific registers.
#include "escape.h"

// --- A segment that goes around the end of 4 GiB ---------------------------------------------------------------------

enum { WRAPPING_DATA = 0x40 }; // not one that Linux gives to ring 3

static uint32_t seen __attribute__((used));
CODE(read_wrapped, "movl $0x40, %eax; movw %ax, %gs; movl $0x2000, %ecx; movl %gs:(%ecx), %eax; movl %eax, seen")

void attack_segment_beyond_4g(void)
{
    *(volatile uint32_t *)0x1000 = 0x600D600D;
    set_segment(WRAPPING_DATA, 0xFFFFF000, 0xFFFFF, 0x93, 0xC);
    if (held_by_trap(read_wrapped))
        return;
    if (seen == 0x600D600D)
        held("wrapped to", seen);
    else
        escaped("read", seen);
}

// --- The host's code selector in tables of the guest's, where it is the guest's and there is no such segment -----------

CODE(through_gate, "lcall $0x33, $0")

void attack_gate_33(void)
{
    set_call_gate(FREE_SELECTOR, 0x33, enter_by_ljmp, 0xEC, 0);
    if (!held_by_trap(through_gate))
        held("it returned", 0);
}

static struct task_segment task;
CODE(to_task, "lcall $0x38, $0")

void attack_task_33(void)
{
    task.cs = 0x33;
    task.eip = (uint32_t)enter_by_ljmp;
    task.eflags = 2;
    task.ss = task.ds = task.es = 0x2B;
    task.esp = 0x500000;
    set_segment(0x38, (uint32_t)&task, sizeof task - 1, 0x89, 0);
    if (!held_by_trap(to_task))
        held("it returned", 0);
}

// --- SYSENTER with its registers set -----------------------------------------------------------------------------------

enum { MSR_SYSENTER_CS = 0x174, MSR_SYSENTER_ESP = 0x175, MSR_SYSENTER_EIP = 0x176 };

static uint32_t entry_stack[64];

static void write_msr(uint32_t index, uint32_t value)
{
    __asm__ volatile("wrmsr" : : "c"(index), "a"(value), "d"(0));
}

static void own_entry(void)
{
    print("held: the guest's own entry\n");
    finish();
}

static void arm_sysenter(void)
{
    write_msr(MSR_SYSENTER_CS, KERNEL_CODE);
    write_msr(MSR_SYSENTER_ESP, (uint32_t)(entry_stack + 60));
    write_msr(MSR_SYSENTER_EIP, (uint32_t)own_entry);
}

void attack_sysenter_armed(void)
{
    if (!held_by_trap(arm_sysenter))
        attack_sysenter_32();
}

// --- Faults whose way to a handler is forged -----------------------------------------------------------------------------

CODE(fault_in_ring_3, "ud2")

void attack_fault_stack_tss(void)
{
    // Not by probe_user(), which sets an ESP0 of its own.
    main_task.esp0 = 0xFFFFFFF0;
    __asm__ volatile("pushl $0x23; pushl %0; pushl $2; pushl $0x1B; pushl %1; iret"
                     :
                     : "r"(USER_STACK), "r"(fault_in_ring_3)
                     : "memory");
}

void attack_fault_table(void)
{
    struct __attribute__((packed)) {
        uint16_t limit;
        uint32_t base;
    } table = { 0x7FF, 0xFFFFF000 };
    __asm__ volatile("lidt %0; ud2" : : "m"(table));
}
