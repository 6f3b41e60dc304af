# A kernel linked at 0xC0100000 and loaded at 1 MiB. It turns paging on with one 4 MiB page at 0 and the same page at
# 0xC0000000, jumps up and is entered there.
    .set OFFSET, 0xC0000000

    .section .multiboot, "a"
    .balign 4
    .long 0x1BADB002, 3, -(0x1BADB002 + 3)

    .section .low, "ax"
    .globl start
start:
    movl $boot_directory - OFFSET, %ecx
    movl $0x83, (%ecx)
    movl $0x83, 0xC00(%ecx)
    movl %ecx, %cr3
    movl %cr4, %ecx
    orl $0x10, %ecx
    movl %ecx, %cr4
    movl %cr0, %ecx
    orl $0x80000000, %ecx
    movl %ecx, %cr0
    movl $high, %ecx
    jmp *%ecx

    .text
high:
    movl $stack_end, %esp
    pushl $0
    popfl
    pushl %ebx
    pushl %eax
    call start_runtime

    .bss
    .balign 4096
    .globl boot_directory
boot_directory:
    .skip 4096
    .skip 16384
stack_end:
