/*
 * The monitor's side of a hypercall: from the hypercall page (hypercall_page.S), which has left 32-bit mode, to C++ and
 * back.
 */
#include "strategies/native/gate_code.h"
#include "strategies/paravirt/hypercall_page_layout.h"

/* enum AfterHypercall, in paravirt_cpu.hpp: less is to leave, more to load all registers */
#define ANSWER          1

        .text

/* R8D: the number of the hypercall. */
        .globl ringside_hypercall_gate
        .hidden ringside_hypercall_gate
        .type ringside_hypercall_gate, @function
ringside_hypercall_gate:
        gate_to_monitor
        movl %r8d, %edi
        movl GPR(0), %esi
        call ringside_on_hypercall
        gate_load_guest_sse
        cmpl $ANSWER, %eax
        jb ringside_abandon_guest       /* the C++ side has taken the registers */
        ja replaced

        /* The registers are as they were, but EAX. */
        gate_load_guest_segments
        gate_load_guest_registers
gate_window:                            /* see the windows of strategies/native/world_switch.S */
        cmpl $0, KICKED
        jne gate_aborted
        ljmp *return_point(%rip)

gate_window_end:

/* All of the guest's registers are new. */
replaced:
        movq HOST_RSP, %rsp
        jmp ringside_enter_loaded_guest

/* The C++ side has not taken the registers yet. */
gate_aborted:
        gate_abort ringside_on_hypercall_aborted
        .size ringside_hypercall_gate, . - ringside_hypercall_gate

        .section .rodata
        .balign 8
/* For the signal handler: where a kick is turned aside, and to what. */
        .globl ringside_gate_window, ringside_gate_window_end, ringside_gate_aborted
        .hidden ringside_gate_window, ringside_gate_window_end, ringside_gate_aborted
        .set ringside_gate_window, gate_window
        .set ringside_gate_window_end, gate_window_end
        .set ringside_gate_aborted, gate_aborted
return_point:
        .long PV_HYPERCALL_PAGE + PAGE_RETURN_POINT
        .word PV_KERNEL_CS

        .section .note.GNU-stack, "", @progbits
