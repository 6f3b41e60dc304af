/*
 * The first instruction in ring 3. ESP points to the address of the argument text and the
 * system-call gate, which CALL makes the C function's arguments.
 */
    .section .text.entry, "ax"
    .global program_entry
program_entry:
    xorl %ebp, %ebp
    call program_main                   /* does not return */

/*
 * A system call by the gate, which returns to EDX. Only a kernel that offers one lets the program
 * come here.
 */
    .text
    .global system_call_by_gate
system_call_by_gate:
    movl $1f, %edx
    ljmp *system_call_gate
1:  ret
