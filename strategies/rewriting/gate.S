/*
 * The way from translated code to the monitor and back. The place that calls is named by Slots::site (monitor_area.hpp); the
 * place to go on at is in ringside_world.
 */
#include "strategies/native/gate_code.h"

/* enum AfterCallout, in rewriting_cpu.hpp: less is to leave, more to load all registers, and serialize */
#define CONTINUE        1

/* IF, which is always set, the reserved bit, and OF, SF, ZF, AF, PF, CF. */
#define PLAIN_FLAGS     0xAD7

        .text
        .globl ringside_rewriting_gate
        .hidden ringside_rewriting_gate
        .type ringside_rewriting_gate, @function
ringside_rewriting_gate:
        gate_to_monitor
        call ringside_on_callout
        gate_load_guest_sse
        cmpl $CONTINUE, %eax
        jb ringside_abandon_guest       /* the C++ side has taken the registers */
        ja replaced

        /* The segment registers are as they were, and the flags but the arithmetic ones. POPF takes long; without DF, AC, NT
           and ID ADD makes OF and SAHF the others. */
        gate_load_guest_segments
        movl EFLAGS, %eax
        testl $~PLAIN_FLAGS, %eax
        jnz other_flags
        movl %eax, %edx
        shrl $11, %edx
        andl $1, %edx
        movb %al, %ah
        addb $0x7F, %dl
        sahf
flags_loaded:
        gate_load_guest_registers
gate_window:                            /* see the windows of strategies/native/world_switch.S; flags stay */
        movl KICKED, %ecx
        jrcxz 1f
        jmp gate_aborted
1:      movl GPR(1), %ecx
        ljmp *GATE_RETURN
gate_window_end:

other_flags:
        pushq %rax
        popfq
        jmp flags_loaded

/* All of the guest's registers are new. */
replaced:
        movq HOST_RSP, %rsp
        jmp ringside_enter_loaded_guest

gate_aborted:
        gate_abort ringside_on_callout_aborted
        .size ringside_rewriting_gate, . - ringside_rewriting_gate

        .section .rodata
/* For the signal handler: where a kick is turned aside, and to what. */
        .globl ringside_rewriting_window, ringside_rewriting_window_end, ringside_rewriting_aborted
        .hidden ringside_rewriting_window, ringside_rewriting_window_end, ringside_rewriting_aborted
        .set ringside_rewriting_window, gate_window
        .set ringside_rewriting_window_end, gate_window_end
        .set ringside_rewriting_aborted, gate_aborted

        .section .note.GNU-stack, "", @progbits
