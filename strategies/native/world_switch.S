/*
 * The world switch (world_switch.hpp). The monitor's code is 64-bit and lies above 4 GiB, the guest's is 32-bit.
 *
 * Thread-local storage hangs on the base of FS. Loading a selector into FS for the guest loses that base, so no C++ code
 * may run between that and WRFSBASE. DS and ES mean nothing to 64-bit code and GS nothing to the monitor: they keep the
 * guest's values while a handler runs.
 */

#include "strategies/native/gate_code.h"

/* ucontext_t of Linux x86-64: gregs at 40, in the order of enum REG_R8.. */
#define CONTEXT_RIP     168
#define CONTEXT_CS      184

#define HOST_CS         0x33            /* Linux's 64-bit user code segment */
#define RT_SIGRETURN    15

        .text

/* void ringside_enter_guest(void) */
        .globl ringside_enter_guest
        .hidden ringside_enter_guest
        .type ringside_enter_guest, @function
ringside_enter_guest:
        pushq %rbx
        pushq %rbp
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        movq %rsp, HOST_RSP
        rdfsbase %rax
        movq %rax, HOST_FS_BASE
        stmxcsr CONTROL_WORDS
        fnstcw 4+CONTROL_WORDS

        /* Components that the area does not hold are reset: nothing of the monitor's stays in a register. */
        movq FPU, %rcx
        movl FPU_COMPONENTS, %eax
        movl 4+FPU_COMPONENTS, %edx
        xrstor (%rcx)

/* Jumped to on the monitor's stack, the guest's floating-point state loaded; the rest is in ringside_world. */
        .globl ringside_enter_loaded_guest
        .hidden ringside_enter_loaded_guest
ringside_enter_loaded_guest:
        movw DS, %ds
        movw ES, %es
        movw GS, %gs
        movw FS, %fs                    /* from here on there is no thread-local storage */

        movzwl SS, %eax
        pushq %rax
        movl GPR(4), %eax
        pushq %rax
        movl EFLAGS, %eax
        pushq %rax
        movzwl CS, %eax
        pushq %rax
        movl EIP, %eax
        pushq %rax
        movl GPR(0), %eax
        movl GPR(1), %ecx
        movl GPR(2), %edx
        movl GPR(3), %ebx
        movl GPR(5), %ebp
        movl GPR(6), %esi
        movl GPR(7), %edi
enter_window:
        cmpl $0, KICKED
        jne ringside_abandon_guest
        iretq
enter_window_end:

/* The guest's floating-point state may be nowhere but in the registers: the frame that it came from is lost. */
        .globl ringside_abandon_guest
        .hidden ringside_abandon_guest
ringside_abandon_guest:
        movq FPU_HOME, %rcx
        movl FPU_COMPONENTS, %eax
        movl 4+FPU_COMPONENTS, %edx
        xsave (%rcx)
        jmp ringside_leave_guest
        .size ringside_enter_guest, . - ringside_enter_guest

/* ringside_enter_guest() returns. Jumped to with any registers and on any stack. */
        .globl ringside_leave_guest
        .hidden ringside_leave_guest
        .type ringside_leave_guest, @function
ringside_leave_guest:
        movq HOST_FS_BASE, %rax
        wrfsbase %rax
        movq HOST_RSP, %rsp
        cld
        fninit
        fldcw 4+CONTROL_WORDS
        ldmxcsr CONTROL_WORDS
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbp
        popq %rbx
        ret
        .size ringside_leave_guest, . - ringside_leave_guest

/*
 * The handler of every signal: RDI signal, RSI siginfo_t *, RDX ucontext_t *. RSP points to the return address, above
 * which lies what rt_sigreturn() takes.
 */
        .globl ringside_signal_entry
        .hidden ringside_signal_entry
        .type ringside_signal_entry, @function
ringside_signal_entry:
        cmpw $HOST_CS, CONTEXT_CS(%rdx)
        jne from_guest
        movq CONTEXT_RIP(%rdx), %rcx
        movq %rcx, %rax
        shrq $32, %rax
        jz from_guest                   /* 64-bit code in the window: the guest's all the same */

        leaq enter_window(%rip), %rax
        cmpq %rax, %rcx
        jb 1f
        leaq enter_window_end(%rip), %rax
        cmpq %rax, %rcx
        jae 1f
        leaq ringside_abandon_guest(%rip), %rax
        jmp on_threshold
1:      cmpq GATE_WINDOW, %rcx
        jb from_monitor
        cmpq GATE_WINDOW_END, %rcx
        jae from_monitor
        movq GATE_ABORTED, %rax

/* A kick: do not cross. A fault: the IRETQ or a stale selector, a bug of the monitor. */
on_threshold:
        cmpl %edi, ringside_kick_signal(%rip)
        jne broken
        movq %rax, CONTEXT_RIP(%rdx)
        movl $RT_SIGRETURN, %eax
        addq $8, %rsp
        syscall
broken:
        movq HOST_FS_BASE, %rax
        wrfsbase %rax

/* The monitor was interrupted, or another thread: a kick has nothing more to do, the rest is for C++. */
from_monitor:
        jmp ringside_on_monitor_signal

from_guest:
        movw %ds, DS
        movw %es, ES
        movw %fs, FS
        movw %gs, GS
        movq HOST_FS_BASE, %rax
        wrfsbase %rax
        /* The kernel leaves the guest's NT, which IRETQ does not bear, and AC, which faults where the monitor is lax. */
        pushq $2
        popfq
        subq $8, %rsp
        call ringside_on_guest_signal
        addq $8, %rsp
        testl %eax, %eax
        jz ringside_leave_guest

        /* From the frame, as long as this stack is in use: the next signal may overwrite it. */
        movq FPU, %rcx
        movl FPU_COMPONENTS, %eax
        movl 4+FPU_COMPONENTS, %edx
        xrstor (%rcx)
        movq HOST_RSP, %rsp
        jmp ringside_enter_loaded_guest
        .size ringside_signal_entry, . - ringside_signal_entry

        .section .note.GNU-stack, "", @progbits
