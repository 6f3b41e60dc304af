# The attacking guest, ported: entered with the monitor's flat segments, paging off, interrupts off (core/paravirt_abi.h).
    .section .multiboot, "a"
    .balign 4
    .long 0x1BADB002, 3, -(0x1BADB002 + 3)

    .text
    .globl start
start:
    cld
    movl $stack_end, %esp
    pushl %ebx
    pushl %eax
    call start_platform

    .bss
    .balign 16
    .skip 16384
stack_end:
