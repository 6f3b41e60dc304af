/*
 * struct WorldSwitch (world_switch.hpp) as assembler code sees it, and what the gates of the strategies share: the way from
 * 64-bit code in the window to C++ and back (paravirt/gate.S, rewriting/gate.S).
 *
 * What the guest has in its registers is anybody's; nothing is believed but ringside_world.
 *
 * Floating-point state stays in its registers: C++ code uses SSE but no x87 registers, so XMM0-7, which are the guest's,
 * and MXCSR are kept on the monitor's stack meanwhile. XMM8-15, which 32-bit code does not have, are emptied.
 *
 * FS: the guest's selector is seldom one, and while it is null its base is nobody's; then thread-local storage is found
 * in place most of the time. See world_switch.S.
 */

#define HOST_RSP        ringside_world+0(%rip)
#define HOST_FS_BASE    ringside_world+8(%rip)
#define GPR(n)          ringside_world+16+4*(n)(%rip)
#define EIP             ringside_world+48(%rip)
#define EFLAGS          ringside_world+52(%rip)
#define CS              ringside_world+56(%rip)
#define SS              ringside_world+58(%rip)
#define DS              ringside_world+60(%rip)
#define ES              ringside_world+62(%rip)
#define FS              ringside_world+64(%rip)
#define GS              ringside_world+66(%rip)
#define KICKED          ringside_world+68(%rip)
#define FPU             ringside_world+72(%rip)
#define FPU_COMPONENTS  ringside_world+80(%rip)
#define FPU_HOME        ringside_world+88(%rip)
#define CONTROL_WORDS   ringside_world+96(%rip)
#define HOST_MXCSR      ringside_world+96(%rip)
#define GATE_WINDOW     ringside_world+104(%rip)
#define GATE_WINDOW_END ringside_world+112(%rip)
#define GATE_ABORTED    ringside_world+120(%rip)
#define GATE_RETURN     ringside_world+128(%rip)

/* EFLAGS that monitor code must not run with: TF, NT, AC. */
#define HARMFUL_FLAGS   0x44100

/* The frame: XMM0-7, then the guest's MXCSR. With the six registers that ringside_enter_guest() saved, 16-byte aligned. */
#define FRAME_BYTES     152
#define FRAME_MXCSR     128(%rsp)

/* Registers to ringside_world, the monitor's stack, thread-local storage and SSE state in order. Keeps R8. */
        .macro gate_to_monitor
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
        jnz 91f
81:     stmxcsr FRAME_MXCSR
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
        jne 92f
82:     rdfsbase %rax
        cmpq HOST_FS_BASE, %rax
        jne 93f
83:
        .subsection 1
91:     pushq $0x202                    /* IF and the reserved bit */
        popfq
        jmp 81b
92:     ldmxcsr HOST_MXCSR
        jmp 82b
93:     movq HOST_FS_BASE, %rax
        wrfsbase %rax
        jmp 83b
        .previous
        .endm

/* SSE state from the frame. Keeps EAX. */
        .macro gate_load_guest_sse
        movl FRAME_MXCSR, %ecx
        cmpl HOST_MXCSR, %ecx
        jne 94f
84:     movaps (%rsp), %xmm0
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
        .subsection 1
94:     ldmxcsr FRAME_MXCSR
        jmp 84b
        .previous
        .endm

/* The segment registers that the host may have changed: SS by a system call, the base of FS by thread-local storage. */
        .macro gate_load_guest_segments
        movw %ss, %ax
        cmpw SS, %ax
        jne 95f
85:     cmpw $0, FS
        jne 96f
86:
        .subsection 1
95:     movw SS, %ss
        jmp 85b
96:     movw FS, %fs
        jmp 86b
        .previous
        .endm

        .macro gate_load_guest_registers
        movl GPR(0), %eax
        movl GPR(1), %ecx
        movl GPR(2), %edx
        movl GPR(3), %ebx
        movl GPR(5), %ebp
        movl GPR(6), %esi
        movl GPR(7), %edi
        movl GPR(4), %esp
        .endm

/* A kick came at the last moment: ringside_world holds the registers, but the floating-point ones. */
        .macro gate_abort on_aborted
        movq HOST_FS_BASE, %rax
        wrfsbase %rax
        movq HOST_RSP, %rsp
        movq FPU_HOME, %rcx
        movl FPU_COMPONENTS, %eax
        movl 4+FPU_COMPONENTS, %edx
        xsave (%rcx)
        ldmxcsr HOST_MXCSR
        subq $8, %rsp
        call \on_aborted
        jmp ringside_leave_guest
        .endm
