/* The ring-3 part of `crash variant=privileged`: an instruction that ring 3 may not execute. */
    .section .text.entry, "ax"
    .global program_entry
program_entry:
    cli
