/*
 * A compute kernel as a 32-bit program of the host: the first instruction. Linux puts argc, argv[0], argv[1], ... at
 * ESP; the program's argument text is argv[1].
 */
        .section .text.entry, "ax"
        .global _start
_start:
        xorl %ebp, %ebp
        movl 8(%esp), %eax
        andl $-16, %esp
        subl $12, %esp
        pushl %eax
        call host_main                  /* does not return */

/* Stands in for the guest kernel's gate: number in EAX, arguments in EBX and ECX; EDX need not survive. */
        .text
        .global system_call_by_gate
system_call_by_gate:
        pushl %ecx
        pushl %ebx
        pushl %eax
        call host_system_call
        addl $4, %esp
        popl %ebx
        popl %ecx
        ret
        .section .note.GNU-stack, "", @progbits
