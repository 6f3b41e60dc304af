// A fault whose frame has nowhere to go. On a processor these end in a double fault or a triple fault; the monitor must
// push nothing anywhere else.
#include "escape.h"

#define FAULT_WITH_STACK(name, stack)                                                                                    \
    CODE(name, "movl $" stack ", %esp; ud2")

FAULT_WITH_STACK(stack_0, "0")
FAULT_WITH_STACK(stack_top, "0xFFFFFFFE")
FAULT_WITH_STACK(stack_device, "0xFEE00080")
FAULT_WITH_STACK(stack_monitor, "0xFFFF0800")

static void run(void (*code)(void))
{
    if (!held_by_trap(code))
        held("it goes on", 0);
}

void attack_fault_stack_0(void) { run(stack_0); }
void attack_fault_stack_top(void) { run(stack_top); }
void attack_fault_stack_device(void) { run(stack_device); }
void attack_fault_stack_monitor(void) { run(stack_monitor); }
