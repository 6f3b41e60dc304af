/*
 * The first instructions: from the Multiboot loader to C.
 *
 * Multiboot 1 §3.2 hands over in 32-bit protected mode with paging and interrupts off,
 * EAX = 0x2BADB002 and EBX = the physical address of the information structure. Linear
 * addresses are still physical ones, so every kernel symbol is taken minus KERNEL_BASE here.
 */
#include "layout.h"

#define MULTIBOOT_MAGIC 0x1BADB002
#define MULTIBOOT_FLAGS 0x00000003      /* modules on page boundaries, memory sizes wanted */

#define PRESENT_WRITABLE 0x003
#define CR0_WRITE_PROTECT_AND_PAGING 0x80010000

    .section .multiboot, "a"
    .align 4
    .long MULTIBOOT_MAGIC
    .long MULTIBOOT_FLAGS
    .long -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

    .section .boot, "ax"
    .global boot_entry
boot_entry:
    cli
    cld
    movl %eax, %esi                     /* the loader's two values survive in ESI and EBX */

    /* The first 4 MiB of physical memory, page by page: frame i at entry i. */
    movl $(direct_tables - KERNEL_BASE), %edi
    movl $PRESENT_WRITABLE, %eax
    movl $1024, %ecx
1:  movl %eax, (%edi)
    addl $PAGE_SIZE, %eax
    addl $4, %edi
    loop 1b

    /* Seen twice: at 0, because this code runs there, and at KERNEL_BASE. */
    movl $(direct_tables - KERNEL_BASE + PRESENT_WRITABLE), %eax
    movl %eax, kernel_directory - KERNEL_BASE
    movl %eax, kernel_directory - KERNEL_BASE + (KERNEL_BASE >> 22) * 4

    /* SDM 3A §4.1.2: CR3 first, then CR0.PG. CR0.WP makes read-only hold in ring 0 too. */
    movl $(kernel_directory - KERNEL_BASE), %eax
    movl %eax, %cr3
    movl %cr0, %eax
    orl $CR0_WRITE_PROTECT_AND_PAGING, %eax
    movl %eax, %cr0

    /* An absolute indirect jump leaves the low addresses for the linked ones. */
    movl $boot_high, %eax
    jmp *%eax

    .text
boot_high:
    movl $boot_stack_top, %esp
    xorl %ebp, %ebp
    pushl %ebx
    pushl %esi
    call kernel_main                    /* does not return */
