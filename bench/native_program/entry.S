/*
 * The first instruction of the host program: Linux puts argc, argv[0], argv[1], ... at ESP.
 */
        .text
        .global _start
_start:
        xorl %ebp, %ebp
        movl %esp, %eax
        andl $-16, %esp
        subl $12, %esp
        pushl %eax
        call host_main                  /* does not return */

/* _Noreturn void enter_image(uint32_t entry, uint32_t stack): as the guest's kernel enters ring 3. */
        .global enter_image
enter_image:
        movl 4(%esp), %eax
        movl 8(%esp), %esp
        jmp *%eax

/* The gate that the image is offered: number in EAX, arguments in EBX and ECX, back to EDX. */
        .global host_gate
host_gate:
        pushl %edx
        pushl %ecx
        pushl %ebx
        pushl %eax
        call host_system_call
        addl $4, %esp
        popl %ebx
        popl %ecx
        popl %edx
        jmp *%edx

/* A signal's handler that does nothing. */
        .global ignore_signal
ignore_signal:
        ret
        .section .note.GNU-stack, "", @progbits
