# The entries of all 256 vectors, and the probes.
    .text
    .macro entry vector
    .balign 16
entry_\vector:
    # These push an error code of their own (SDM 3A table 6-1).
    .if (\vector != 8) && !((\vector >= 10) && (\vector <= 14)) && (\vector != 17)
    pushl $0
    .endif
    pushl $\vector
    jmp common_entry
    .section .rodata
    .long entry_\vector
    .text
    .endm

    .section .rodata
    .balign 4
    .globl trap_entries
trap_entries:
    .text
    .altmacro
    .set vector, 0
    .rept 256
    entry %vector
    .set vector, vector + 1
    .endr

common_entry:
    pushal
    pushl %ds
    pushl %es
    pushl %fs
    pushl %gs
    movl $0x10, %eax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    cld
    pushl %esp
    call take_trap
    addl $4, %esp
    popl %gs
    popl %fs
    popl %es
    popl %ds
    popal
    addl $8, %esp
    iret

# int probe(void (*code)(void))
    .globl probe
probe:
    pushal
    pushfl
    pushl recovery
    movl %esp, recovery
    movl 44(%esp), %eax
    call *%eax
    movl $-1, %eax
end_of_probe:
    popl recovery
    popfl
    movl %eax, 28(%esp)
    popal
    ret

# int probe_user(void (*code)(void), uint32_t stack)
    .globl probe_user
probe_user:
    pushal
    pushfl
    pushl recovery
    movl %esp, recovery
    movl %esp, main_area + 4
    movl 44(%esp), %eax
    movl 48(%esp), %ebx
    movl $0x23, %ecx
    movw %cx, %ds
    movw %cx, %es
    movw %cx, %fs
    movw %cx, %gs
    pushl $0x23
    pushl %ebx
    pushl user_flags
    pushl $0x1B
    pushl %eax
    iret

# int probe_v86(uint16_t cs, uint16_t ip, uint16_t ss, uint16_t sp, uint16_t data)
    .globl probe_v86
probe_v86:
    pushal
    pushfl
    pushl recovery
    movl %esp, recovery
    movl %esp, main_area + 4
    leal 44(%esp), %ebp
    pushl 16(%ebp)
    pushl 16(%ebp)
    pushl 16(%ebp)
    pushl 16(%ebp)
    pushl 8(%ebp)
    pushl 12(%ebp)
    movl user_flags, %eax
    orl $0x20000, %eax
    pushl %eax
    pushl 0(%ebp)
    pushl 4(%ebp)
    iret

# void resume_probe(int vector)
    .globl resume_probe
resume_probe:
    movl 4(%esp), %eax
    movl $0x10, %ecx
    movw %cx, %ds
    movw %cx, %es
    movw %cx, %fs
    movw %cx, %gs
    movl recovery, %esp
    jmp end_of_probe

    .globl load_segments
load_segments:
    movl $0x10, %eax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss
    ljmp $0x08, $1f
1:  ret

    .data
    .balign 4
    .globl recovery
recovery:
    .long 0
