/* One instruction on the guest's floating-point registers (host_floating_unit.hpp). */

        .text

/* uint64_t ringside_execute_floating(std::byte* image, std::byte* operand, const uint8_t* code): EFLAGS afterwards */
        .globl ringside_execute_floating
        .hidden ringside_execute_floating
        .type ringside_execute_floating, @function
ringside_execute_floating:
        subq $8, %rsp
        stmxcsr (%rsp)
        fnstcw 4(%rsp)
        fxrstor (%rdi)
        call *%rdx
        fxsave (%rdi)
        fninit
        fldcw 4(%rsp)
        ldmxcsr (%rsp)
        addq $8, %rsp
        ret
        .size ringside_execute_floating, . - ringside_execute_floating

        .section .note.GNU-stack, "", @progbits
