// Far transfers that lead to 64-bit code, where the host's selector for it loads; the payload then tries to create a file.
#include "escape.h"

static void create_file_by(void (*enter)(void))
{
    orders.attack = ATTACK_create_file;
    run_payload(enter);
}

void attack_ljmp_33(void) { create_file_by(enter_by_ljmp); }
void attack_lcall_33(void) { create_file_by(enter_by_lcall); }
void attack_retf_33(void) { create_file_by(enter_by_retf); }
void attack_iret_33(void) { create_file_by(enter_by_iret); }

// The guest's own tables may name the selector; it is the guest's then, and there is no such segment.
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
