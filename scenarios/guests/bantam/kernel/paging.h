/*
 * Page tables: the entries, and the kernel's own half of the address space.
 *
 * Two levels of 1024 entries, pages of 4 KiB (SDM 3A §4.3). An entry:
 *
 *   31           12 11  9  8  7  6  5   4   3   2   1   0
 *   frame address   free   G  -  D  A  PCD PWT U/S R/W  P
 */
#pragma once

#include <stdint.h>

#include "layout.h"

#define PAGE_PRESENT 0x001u
#define PAGE_WRITABLE 0x002u
#define PAGE_USER 0x004u
#define PAGE_WRITE_THROUGH 0x008u
#define PAGE_CACHE_DISABLE 0x010u
#define PAGE_FRAME 0xFFFFF000u

#define ENTRIES 1024u

/* The directory of the kernel's half alone, used while no process runs. */
extern uint32_t kernel_directory[ENTRIES];

static inline uint32_t directory_index(uint32_t address)
{
    return address >> 22;
}

static inline uint32_t table_index(uint32_t address)
{
    return (address >> 12) & (ENTRIES - 1);
}

/* Where the kernel sees physical memory. */
static inline void* physical_memory(uint32_t physical)
{
    return (void*)(physical + KERNEL_BASE);
}

/* Maps physical memory up to `memory_end` at KERNEL_BASE and unmaps the low 4 MiB. */
void map_physical_memory(uint32_t memory_end);

/* Where the entry of page `page` of the window lies. */
uint32_t* window_entry(uint32_t page);

/* Puts `entry`, a frame with flags or 0, at page `page` of the window; returns its address. */
volatile void* map_window(uint32_t page, uint32_t entry);

/* The same for one of several pages: none of them is touched before finish_page_updates(). */
volatile void* change_window(uint32_t page, uint32_t entry);
