/*
 * The ways into ring 0 and out of it: one stub per vector, one common path. As bare/entry.S, but that the way out is the
 * monitor's, and that system calls have a way of their own, which the monitor's code does not see.
 *
 * The monitor has pushed what a processor pushes: SS and ESP (only when it came from ring 3), EFLAGS, CS, EIP and, for
 * some exceptions, an error code. The stub completes that to a struct trap_frame, see kernel/trap.h.
 */
#include "core/paravirt_abi.h"
#include "selectors.h"
#include "system_calls.h"

#define FRAME_VECTOR 32                 /* offsets in struct trap_frame */
#define FRAME_ERROR_CODE 36
#define FRAME_CS 44

#define BY_GATE 1                       /* in the place of an error code: ECX and EDX may be lost */
#define PROGRAM_FLAGS 0x202             /* reserved bit 1, IF */

    .macro stub vector
    .text
1:
    /* Vectors 8, 10-14 and 17 come with an error code; the others get a 0 in its place. */
    .if !((\vector == 8) || ((\vector >= 10) && (\vector <= 14)) || (\vector == 17))
    pushl $0
    .endif
    pushl $\vector
    jmp trap_entry
    .section .rodata
    .long 1b
    .endm

/* The addresses of the stubs: exceptions 0-31, interrupt requests 32-47, the system call. */
    .section .rodata
    .global trap_stubs
    .align 4
trap_stubs:
    .irp vector, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    stub \vector
    .endr
    .irp vector, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    stub \vector
    .endr
    .irp vector, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47
    stub \vector
    .endr
    .global system_call_stub
system_call_stub:
    stub 0x80

    .text
/* Where the system-call gate leads. DS is still the program's, whose segment ends below the shared-info page. */
    .global system_call_entry
system_call_entry:
    pushl $USER_DATA
    pushl %ss:PV_SHARED_INFO + PV_INFO_SYSTEM_CALL_ESP
    pushl $PROGRAM_FLAGS
    pushl $USER_CODE
    pushl %edx
    pushl $BY_GATE
    pushl $SYSTEM_CALL_VECTOR

trap_entry:
    pushal
    cld
    testb $3, FRAME_CS(%esp)
    jz 1f
    movl $KERNEL_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
1:  pushl %esp
    call handle_trap
    addl $4, %esp

/* A new process starts here: its kernel stack holds a struct trap_frame and nothing else. */
    .global trap_return
trap_return:
    testb $3, FRAME_CS(%esp)
    jz 1f
    movl $USER_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    cmpl $SYSTEM_CALL_VECTOR, FRAME_VECTOR(%esp)
    je 2f
1:  popal
    addl $8, %esp                       /* vector and error code */
    jmp hypercall_iret
2:  cmpl $BY_GATE, FRAME_ERROR_CODE(%esp)
    jne 1b
    popal
    movl 8(%esp), %edx                  /* EIP */
    movl 20(%esp), %ecx                 /* ESP */
    jmp hypercall_return_to_ring_3

/*
 * void switch_context(uint32_t *save, uint32_t load): go on on another kernel stack.
 * The C calling convention saves EAX, ECX and EDX in the caller; the other registers and the
 * return address are all there is to a suspended kernel context.
 */
    .global switch_context
switch_context:
    movl 4(%esp), %eax
    movl 8(%esp), %edx
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl %esp, (%eax)
    movl %edx, %esp
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret
