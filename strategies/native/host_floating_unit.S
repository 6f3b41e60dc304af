/* One instruction on the guest's registers (host_floating_unit.hpp). */

        .set image, 0
        .set memory, 8
        .set eax, 16
        .set ecx, 24
        .set edx, 32
        .set ebx, 40
        .set flags, 48

        .text

/* void ringside_execute_floating(HostRegisters* registers, const uint8_t* code) */
        .globl ringside_execute_floating
        .hidden ringside_execute_floating
        .type ringside_execute_floating, @function
ringside_execute_floating:
        pushq %rbx
        pushq %rbp
        subq $8, %rsp
        stmxcsr (%rsp)
        fnstcw 4(%rsp)
        movq %rdi, %rbp
        movq %rsi, %r8
        movq image(%rbp), %r9
        fxrstor (%r9)
        movq memory(%rbp), %rsi
        movq %rsi, %rdi
        movq eax(%rbp), %rax
        movq ecx(%rbp), %rcx
        movq edx(%rbp), %rdx
        movq ebx(%rbp), %rbx
        pushq flags(%rbp)
        popfq
        call *%r8
        pushfq
        popq flags(%rbp)
        movq %rax, eax(%rbp)
        movq %rcx, ecx(%rbp)
        movq %rdx, edx(%rbp)
        movq %rbx, ebx(%rbp)
        fxsave (%r9)
        fninit
        fldcw 4(%rsp)
        ldmxcsr (%rsp)
        addq $8, %rsp
        popq %rbp
        popq %rbx
        ret
        .size ringside_execute_floating, . - ringside_execute_floating

        .section .note.GNU-stack, "", @progbits
