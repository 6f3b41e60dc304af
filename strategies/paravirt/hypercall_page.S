/*
 * The hypercall page (core/paravirt_abi.h): 32-bit code that the guest calls, and the 64-bit code behind its far jumps.
 * This is a picture of the page: it is copied, and mapped at PV_HYPERCALL_PAGE.
 *
 *   0x000  32 entries of 32 bytes
 *   0x400  the system-call gate
 *   0x500  64-bit steps to the monitor
 *   0x720  where hypercalls return to; the longer 32-bit code
 *
 * Code segments make the difference: LJMP to 0x33, the selector that Linux gives to 64-bit programs, leaves 32-bit mode
 * without a trap; LJMP through memory to a segment of the local descriptor table goes back. Stack and data segments keep
 * what the guest had loaded, but 64-bit code does not look at them (SDM 3A §3.4.4).
 */
#include "strategies/paravirt/hypercall_page_layout.h"

        .section .rodata
        .globl ringside_hypercall_page
        .hidden ringside_hypercall_page
        .balign 4096
ringside_hypercall_page:

        .set shared_info, ringside_hypercall_page + PV_SHARED_INFO - PV_HYPERCALL_PAGE

/* --- Entries --- */

        .code32
        .macro enter_monitor number
        .org ringside_hypercall_page + PV_HYPERCALL_BYTES * \number, 0xCC
        ljmp $PV_GATE_SELECTOR, $(PV_HYPERCALL_PAGE + PAGE_STEPS + PAGE_STEP_BYTES * \number)
        .endm

        .macro no_hypercall number
        .org ringside_hypercall_page + PV_HYPERCALL_BYTES * \number, 0xCC
        movl $PV_ERROR_UNKNOWN, %eax
        ret
        .endm

        .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
        enter_monitor \number
        .endr
        .irp number, 17, 18, 19, 20, 21, 22, 23
        no_hypercall \number
        .endr

        .org ringside_hypercall_page + PV_HYPERCALL_BYTES * PV_RETURN_TO_RING_3, 0xCC
        jmp return_to_ring_3

        .org ringside_hypercall_page + PV_HYPERCALL_BYTES * PV_GET_STATE, 0xCC
        movzwl PV_SHARED_INFO + PV_INFO_INTERRUPTS, %eax        /* and PV_INFO_ATTENTION */
        ret

        .org ringside_hypercall_page + PV_HYPERCALL_BYTES * PV_GET_TIME, 0xCC
        jmp get_time

        .irp number, 27, 28, 29, 30, 31
        no_hypercall \number
        .endr

/* --- The system-call gate. EDX is the address to return to; everything else is the program's --- */

        .code64
        .org ringside_hypercall_page + PV_SYSTEM_CALL_GATE - PV_HYPERCALL_PAGE, 0xCC
        movl %esp, shared_info + PV_INFO_SYSTEM_CALL_ESP(%rip)
        testb $PAGE_WATCHED_RINGS, ringside_hypercall_page + PAGE_WATCHED(%rip)
        jne watched_system_call
        incl shared_info + PV_INFO_SYSTEM_CALLS(%rip)
        .nops PAGE_GATE_COUNTED - (. - ringside_hypercall_page)
        movb $0, shared_info + PV_INFO_INTERRUPTS(%rip)
        movl $PV_KERNEL_DS, %r8d
        movl %r8d, %ss
        movl shared_info + PV_INFO_KERNEL_STACK(%rip), %esp
        ljmp *shared_info + PV_INFO_SYSTEM_CALL_ENTRY(%rip)

        .org ringside_hypercall_page + PAGE_WATCHED, 0xCC
        .quad 0
        .org ringside_hypercall_page + PAGE_MONITOR, 0xCC
        .quad 0

/* --- Steps to the monitor: R8D becomes the number --- */

        .macro step number
        .org ringside_hypercall_page + PAGE_STEPS + PAGE_STEP_BYTES * \number, 0xCC
        movl $\number, %r8d
        jmp *ringside_hypercall_page + PAGE_MONITOR(%rip)
        .endm

        .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, PV_RETURN_TO_RING_3
        step \number
        .endr
        .org ringside_hypercall_page + PAGE_STEPS + PAGE_STEP_BYTES * PV_WATCHED_SYSTEM_CALL, 0xCC
watched_system_call:
        step PV_WATCHED_SYSTEM_CALL

        .code32
        .org ringside_hypercall_page + PAGE_RETURN_POINT, 0xCC
        ret

/*
 * --- PV_RETURN_TO_RING_3: EIP in EDX, ESP in ECX, DS and ES already the program's, so that memory is reached through SS,
 * as long as that is the kernel's, and CS. EDX and ECX stay as they are to the end: whoever is interrupted in here can be
 * taken to it. ---
 */
        .org ringside_hypercall_page + PAGE_RETURN_TO_RING_3, 0xCC
return_to_ring_3:
        movb $1, %ss:PV_SHARED_INFO + PV_INFO_INTERRUPTS
        cmpb $0, %ss:PV_SHARED_INFO + PV_INFO_ATTENTION
        jne return_through_monitor
        movl %edx, %ss:PV_SHARED_INFO + PV_INFO_RETURN
        cmpb $0, %cs:PV_HYPERCALL_PAGE + PAGE_WATCHED
        jne return_through_monitor
        movw %cs:PV_HYPERCALL_PAGE + program_stack_segment - ringside_hypercall_page, %ss
        movl %ecx, %esp
        ljmp *%cs:PV_SHARED_INFO + PV_INFO_RETURN
return_through_monitor:
        ljmp $PV_GATE_SELECTOR, $(PV_HYPERCALL_PAGE + PAGE_STEPS + PAGE_STEP_BYTES * PV_RETURN_TO_RING_3)

        .org ringside_hypercall_page + PAGE_RETURN_TO_RING_3_END, 0xCC
program_stack_segment:
        .word PV_USER_DS

/* --- PV_GET_TIME: see struct pv_time. EDX:EAX * multiplier is two products, of which the lowest 32 bits are not used --- */
get_time:
        pushl %ebx
        pushl %esi
        pushl %ecx
1:      movl PV_SHARED_INFO + PV_INFO_TIME, %ecx
        testb $1, %cl
        jnz 1b
        rdtsc
        subl PV_SHARED_INFO + PV_INFO_TIME + 8, %eax
        sbbl PV_SHARED_INFO + PV_INFO_TIME + 12, %edx
        movl %edx, %esi
        mull PV_SHARED_INFO + PV_INFO_TIME + 4
        movl %edx, %ebx
        movl %esi, %eax
        mull PV_SHARED_INFO + PV_INFO_TIME + 4
        addl %ebx, %eax
        adcl $0, %edx
        addl PV_SHARED_INFO + PV_INFO_TIME + 16, %eax
        adcl PV_SHARED_INFO + PV_INFO_TIME + 20, %edx
        cmpl PV_SHARED_INFO + PV_INFO_TIME, %ecx
        jne 1b
        popl %ecx
        popl %esi
        popl %ebx
        ret

        .org ringside_hypercall_page + 4096, 0xCC
        .section .note.GNU-stack, "", @progbits
