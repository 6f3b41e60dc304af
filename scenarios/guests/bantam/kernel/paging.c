/*
 * The kernel's half of the address space: the direct map and the window.
 *
 * All its page tables exist from the start, so every process's directory can hold the same
 * entries for it and never has to be brought up to date.
 */
#include "paging.h"

#include "privileged.h"

#define KERNEL_PAGE (PAGE_PRESENT | PAGE_WRITABLE)
#define TABLE_SPAN (ENTRIES * PAGE_SIZE)
#define DIRECT_TABLES (DIRECT_MAP_SIZE / TABLE_SPAN)

#define PAGE_ALIGNED __attribute__((aligned(PAGE_SIZE)))

uint32_t kernel_directory[ENTRIES] PAGE_ALIGNED;
uint32_t direct_tables[DIRECT_TABLES][ENTRIES] PAGE_ALIGNED;
static uint32_t window_table[ENTRIES] PAGE_ALIGNED;

static void set_kernel_table(uint32_t address, const uint32_t* table)
{
    set_page_entry(&kernel_directory[directory_index(address)], ((uint32_t)table - KERNEL_BASE) | KERNEL_PAGE);
}

void map_physical_memory(uint32_t memory_end)
{
    /* boot.S has filled the first table. A table is filled before it comes into use. */
    for (uint32_t start = TABLE_SPAN; start < memory_end; start += TABLE_SPAN) {
        uint32_t* table = direct_tables[directory_index(start)];
        for (uint32_t frame = start; frame < start + TABLE_SPAN && frame < memory_end; frame += PAGE_SIZE) {
            table[table_index(frame)] = frame | KERNEL_PAGE;
        }
        set_kernel_table(KERNEL_BASE + start, table);
    }
    set_kernel_table(WINDOW_BASE, window_table);

    set_page_entry(&kernel_directory[0], 0);
    load_page_directory((uint32_t)kernel_directory - KERNEL_BASE);
}

uint32_t* window_entry(uint32_t page)
{
    return &window_table[page];
}

volatile void* change_window(uint32_t page, uint32_t entry)
{
    const uint32_t address = WINDOW_BASE + page * PAGE_SIZE;
    set_page_entry(window_entry(page), entry);
    invalidate_page(address);
    return (volatile void*)address;
}

volatile void* map_window(uint32_t page, uint32_t entry)
{
    volatile void* address = change_window(page, entry);
    finish_page_updates();
    return address;
}
