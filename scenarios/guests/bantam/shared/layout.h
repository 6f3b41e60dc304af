/*
 * The linear address space.
 *
 *   0x00000000  not mapped: a null pointer faults
 *   0x00400000  a process's program, as its ELF file says
 *   0x10000000  its heap: a page appears when it is first touched
 *   0xBFFF0000  its stack, up to 0xC0000000
 *   0xC0000000  ring 0 only: physical memory from 0 on, the kernel in it
 *   0xE0000000  ring 0 only: the window, where single pages and devices are mapped
 *   0xE0400000  nothing: a monitor is free to live here
 */
#pragma once

/* Addresses are unsigned in C; the assembler knows no suffixes. */
#ifdef __ASSEMBLER__
#    define UNSIGNED(number) number
#else
#    define UNSIGNED(number) number##u
#endif

#define PAGE_SIZE UNSIGNED(4096)

#define USER_BASE UNSIGNED(0x00400000)
#define USER_HEAP UNSIGNED(0x10000000)
#define USER_HEAP_END UNSIGNED(0x14000000)
#define USER_STACK UNSIGNED(0xBFFF0000)
#define USER_END UNSIGNED(0xC0000000)

#define KERNEL_BASE UNSIGNED(0xC0000000)
#define DIRECT_MAP_SIZE UNSIGNED(0x10000000)
#define WINDOW_BASE UNSIGNED(0xE0000000)
