# The entries of the exceptions, of INT 0x80 and of the timer's event, and the probes: as tests/kernels/runtime/traps.S, but the way back from a
# trap is the monitor's.
#include "core/paravirt_abi.h"

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
    .globl exception_entries
exception_entries:
    .text
    .altmacro
    .set vector, 0
    .rept 32
    entry %vector
    .set vector, vector + 1
    .endr

    .globl interrupt_80
interrupt_80:
    pushl $0
    pushl $0x80
    jmp common_entry

    .globl timer_event
timer_event:
    pushl $0
    pushl $(PV_FIRST_EVENT_VECTOR + PV_EVENT_TIMER)

common_entry:
    pushal
    pushl %ds
    pushl %es
    pushl %fs
    pushl %gs
    movl $PV_KERNEL_DS, %eax
    movw %ax, %ds
    movw %ax, %es
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
    pushl $PV_ENTRY(PV_IRET)
    ret

# int probe(void (*code)(void))
    .globl probe
probe:
    pushal
    pushl recovery
    movl %esp, recovery
    movl 40(%esp), %eax
    call *%eax
    movl $-1, %eax
end_of_probe:
    popl recovery
    movl %eax, 28(%esp)
    popal
    ret

# void resume_probe(int vector)
    .globl resume_probe
resume_probe:
    movl 4(%esp), %eax
    movl $PV_KERNEL_DS, %ecx
    movw %cx, %ds
    movw %cx, %es
    movw %cx, %ss
    movl recovery, %esp
    cld
    jmp end_of_probe

    .data
    .balign 4
    .globl recovery
recovery:
    .long 0
