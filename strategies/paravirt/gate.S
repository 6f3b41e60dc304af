/*
 * The monitor's side of a hypercall: from the hypercall page (hypercall_page.S), which has left 32-bit mode, to C++ and
 * back. What the guest has in its registers is anybody's; nothing is believed but ringside_world.
 *
 * Floating-point state stays in its registers: C++ code uses SSE but no x87 registers, so XMM0-7, which are the guest's,
 * and MXCSR are kept on the monitor's stack meanwhile. XMM8-15, which 32-bit code does not have, are emptied.
 *
 * FS: the guest's selector is seldom one, and while it is null its base is nobody's; then thread-local storage is found
 * in place most of the time. See strategies/native/world_switch.S.
 */
#include "strategies/paravirt/hypercall_page_layout.h"

/* struct WorldSwitch, as in strategies/native/world_switch.S */
#define HOST_RSP        ringside_world+0(%rip)
#define HOST_FS_BASE    ringside_world+8(%rip)
#define GPR(n)          ringside_world+16+4*(n)(%rip)
#define EFLAGS          ringside_world+52(%rip)
#define SS              ringside_world+58(%rip)
#define DS              ringside_world+60(%rip)
#define ES              ringside_world+62(%rip)
#define FS              ringside_world+64(%rip)
#define GS              ringside_world+66(%rip)
#define KICKED          ringside_world+68(%rip)
#define FPU_COMPONENTS  ringside_world+80(%rip)
#define FPU_HOME        ringside_world+88(%rip)
#define HOST_MXCSR      ringside_world+96(%rip)

/* EFLAGS that monitor code must not run with: TF, NT, AC. */
#define HARMFUL_FLAGS   0x44100

/* The frame: XMM0-7, then the guest's MXCSR. With the six registers that ringside_enter_guest() saved, 16-byte aligned. */
#define FRAME_BYTES     152
#define FRAME_MXCSR     128(%rsp)

/* enum AfterHypercall, in paravirt_cpu.hpp: less is to leave, more to load all registers */
#define ANSWER          1

        .text

/* R8D: the number of the hypercall. */
        .globl ringside_hypercall_gate
        .hidden ringside_hypercall_gate
        .type ringside_hypercall_gate, @function
ringside_hypercall_gate:
        movl %eax, GPR(0)
        movl %ecx, GPR(1)
        movl %edx, GPR(2)
        movl %ebx, GPR(3)
        movl %esp, GPR(4)
        movl %ebp, GPR(5)
        movl %esi, GPR(6)
        movl %edi, GPR(7)
        movw %ss, SS
        movw %ds, DS
        movw %es, ES
        movw %fs, FS
        movw %gs, GS
        movq HOST_RSP, %rsp
        pushfq
        popq %rdx
        cld
        movl %edx, EFLAGS
        subq $FRAME_BYTES, %rsp
        testl $HARMFUL_FLAGS, %edx
        jnz clean_flags
flags_clean:
        stmxcsr FRAME_MXCSR
        movaps %xmm0, (%rsp)
        movaps %xmm1, 16(%rsp)
        movaps %xmm2, 32(%rsp)
        movaps %xmm3, 48(%rsp)
        movaps %xmm4, 64(%rsp)
        movaps %xmm5, 80(%rsp)
        movaps %xmm6, 96(%rsp)
        movaps %xmm7, 112(%rsp)
        movl FRAME_MXCSR, %eax
        cmpl HOST_MXCSR, %eax
        jne load_host_mxcsr
mxcsr_loaded:
        rdfsbase %rax
        cmpq HOST_FS_BASE, %rax
        jne load_host_fs_base
fs_base_loaded:
        movl %r8d, %edi
        movl GPR(0), %esi
        call ringside_on_hypercall

        movl FRAME_MXCSR, %ecx
        cmpl HOST_MXCSR, %ecx
        jne load_guest_mxcsr
guest_mxcsr_loaded:
        movaps (%rsp), %xmm0
        movaps 16(%rsp), %xmm1
        movaps 32(%rsp), %xmm2
        movaps 48(%rsp), %xmm3
        movaps 64(%rsp), %xmm4
        movaps 80(%rsp), %xmm5
        movaps 96(%rsp), %xmm6
        movaps 112(%rsp), %xmm7
        pxor %xmm8, %xmm8
        pxor %xmm9, %xmm9
        pxor %xmm10, %xmm10
        pxor %xmm11, %xmm11
        pxor %xmm12, %xmm12
        pxor %xmm13, %xmm13
        pxor %xmm14, %xmm14
        pxor %xmm15, %xmm15
        cmpl $ANSWER, %eax
        jb ringside_abandon_guest       /* the C++ side has taken the registers */
        ja replaced

        /* The registers are as they were, but EAX. A system call of the host may have changed SS. */
        movw %ss, %ax
        cmpw SS, %ax
        jne load_guest_ss
guest_ss_loaded:
        cmpw $0, FS
        jne load_guest_fs
guest_fs_loaded:
        movl GPR(0), %eax
        movl GPR(1), %ecx
        movl GPR(2), %edx
        movl GPR(3), %ebx
        movl GPR(5), %ebp
        movl GPR(6), %esi
        movl GPR(7), %edi
        movl GPR(4), %esp
gate_window:                            /* see the windows of strategies/native/world_switch.S */
        cmpl $0, KICKED
        jne gate_aborted
        ljmp *return_point(%rip)

gate_window_end:

/* All of the guest's registers are new. */
replaced:
        movq HOST_RSP, %rsp
        jmp ringside_enter_loaded_guest

/* A kick came at the last moment. ringside_world holds the registers, which the C++ side has not taken yet. */
gate_aborted:
        movq HOST_FS_BASE, %rax
        wrfsbase %rax
        movq HOST_RSP, %rsp
        movq FPU_HOME, %rcx
        movl FPU_COMPONENTS, %eax
        movl 4+FPU_COMPONENTS, %edx
        xsave (%rcx)
        ldmxcsr HOST_MXCSR
        subq $8, %rsp
        call ringside_on_hypercall_aborted
        jmp ringside_leave_guest

clean_flags:
        pushq $0x202                    /* IF and the reserved bit */
        popfq
        jmp flags_clean
load_host_mxcsr:
        ldmxcsr HOST_MXCSR
        jmp mxcsr_loaded
load_host_fs_base:
        movq HOST_FS_BASE, %rax
        wrfsbase %rax
        jmp fs_base_loaded
load_guest_mxcsr:
        ldmxcsr FRAME_MXCSR
        jmp guest_mxcsr_loaded
load_guest_ss:
        movw SS, %ss
        jmp guest_ss_loaded
load_guest_fs:
        movw FS, %fs
        jmp guest_fs_loaded
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
