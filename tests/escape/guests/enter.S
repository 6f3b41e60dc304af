# The ways from 32-bit code into 64-bit code that need no privilege: any far transfer to a code segment with the L bit.
# Linux has one for every program, selector 0x33.
    .set HOST_64_BIT_CODE, 0x33

    .section .payload, "ax"
    .incbin "payload.bin"

    .text
    .code32
    .globl enter_by_ljmp, enter_by_lcall, enter_by_retf, enter_by_iret
    .macro prepare
    movl %esp, kernel_stack
    movw %cs, %ax
    movzwl %ax, %eax
    movl %eax, kernel_code
    movw %ss, kernel_stack_segment
    movw %ds, kernel_data
    .endm

enter_by_ljmp:
    pushal
    prepare
    ljmp $HOST_64_BIT_CODE, $in_64_bit_mode

enter_by_lcall:
    pushal
    prepare
    lcall $HOST_64_BIT_CODE, $in_64_bit_mode

enter_by_retf:
    pushal
    prepare
    pushl $HOST_64_BIT_CODE
    pushl $in_64_bit_mode
    lret

enter_by_iret:
    pushal
    prepare
    pushl $0x2B
    pushl $0x500000
    pushfl
    pushl $HOST_64_BIT_CODE
    pushl $in_64_bit_mode
    iret

    .code64
in_64_bit_mode:
    movl $0x600000, %esp
    leaq orders(%rip), %rdi
    movl $0x400000, %eax
    call *%rax
    movq %rax, payload_answer(%rip)
    movl $1, payload_returned(%rip)
    movl kernel_stack(%rip), %esp
    # Back by the selector that was in CS, which is the monitor's own for the guest's code.
    movl kernel_code(%rip), %eax
    pushq %rax
    leaq in_32_bit_mode(%rip), %rcx
    pushq %rcx
    lretq

    .code32
in_32_bit_mode:
    movw kernel_stack_segment, %ax
    movw %ax, %ss
    movl kernel_stack, %esp
    movw kernel_data, %ax
    movw %ax, %ds
    movw %ax, %es
    popal
    ret

    .bss
    .balign 8
    .globl payload_answer, payload_returned
payload_answer:
    .skip 8
payload_returned:
    .skip 4
kernel_stack:
    .skip 4
kernel_code:
    .skip 4
kernel_stack_segment:
    .skip 4
kernel_data:
    .skip 4
