/*
 * The first instruction in ring 3. ESP points to the address of the argument text, which CALL
 * makes the C function's first argument.
 */
    .section .text.entry, "ax"
    .global program_entry
program_entry:
    xorl %ebp, %ebp
    call program_main                   /* does not return */
