/*
 * The wild jump of `crash variant=jump`. Every register holds a known value before it, so that
 * the panic that follows prints the same on every build.
 */
    .text
    .global wild_jump
wild_jump:
    movl $boot_stack_top, %esp
    movl $0x0B0B0B0B, %ebx
    movl $0x0C0C0C0C, %ecx
    movl $0x0D0D0D0D, %edx
    movl $0x51515151, %esi
    movl $0xD1D1D1D1, %edi
    movl $0xEBEBEBEB, %ebp
    movl $0xD8000000, %eax
    cmpl $0, %eax                       /* known flags: SF and PF */
    jmp *%eax
