# A flat binary: nothing but the header's address fields (Multiboot §3.1.3) tells where it goes.
    .section .multiboot, "a"
    .balign 4
header:
    .long 0x1BADB002, 0x10000, -(0x1BADB002 + 0x10000)
    .long header, image_begin, image_end, memory_end, start

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
