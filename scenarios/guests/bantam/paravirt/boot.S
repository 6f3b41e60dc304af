/*
 * The first instructions: from the Multiboot loader to C. As bare/boot.S, but paging begins with the monitor's leave.
 *
 * Linear addresses are still physical ones, so every kernel symbol is taken minus KERNEL_BASE here.
 */
#include "core/paravirt_abi.h"
#include "layout.h"

#define MULTIBOOT_MAGIC 0x1BADB002
#define MULTIBOOT_FLAGS 0x00000003      /* modules on page boundaries, memory sizes wanted */

#define PRESENT_WRITABLE 0x003

    .section .multiboot, "a"
    .align 4
    .long MULTIBOOT_MAGIC
    .long MULTIBOOT_FLAGS
    .long -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

    .section .boot, "ax"
    .global boot_entry
boot_entry:
    cld
    movl $(boot_stack_top - KERNEL_BASE), %esp
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

    /* The monitor takes the tables over, and turns paging on. */
    movl $boot_space, %eax
    movl $PV_ENTRY(PV_CREATE_ADDRESS_SPACE), %ecx
    call *%ecx
    movl $boot_space, %eax
    movl $PV_ENTRY(PV_SWITCH_ADDRESS_SPACE), %ecx
    call *%ecx

    /* An absolute indirect jump leaves the low addresses for the linked ones. */
    movl $boot_high, %eax
    jmp *%eax

    .align 4
boot_space:                             /* struct pv_address_space */
    .long kernel_directory - KERNEL_BASE

    .text
boot_high:
    movl $boot_stack_top, %esp
    xorl %ebp, %ebp
    pushl %ebx
    pushl %esi
    call kernel_main                    /* does not return */
