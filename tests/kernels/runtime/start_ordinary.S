# An ELF kernel at 1 MiB whose header asks for page-aligned modules and memory information, as most tutorials write it.
    .section .multiboot, "a"
    .balign 4
    .long 0x1BADB002, 3, -(0x1BADB002 + 3)

    .text
    .globl start
start:
    movl $stack_end, %esp
    pushl $0
    popfl
    pushl %ebx
    pushl %eax
    call start_runtime

    .bss
    .balign 16
    .skip 16384
stack_end:
