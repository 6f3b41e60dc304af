# An ELF kernel whose header has no flags at all: it asks for nothing and must be given everything all the same.
    .section .multiboot, "a"
    .balign 4
    .long 0x1BADB002, 0, -0x1BADB002

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
