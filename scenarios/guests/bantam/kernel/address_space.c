/* Address spaces; the contract is in address_space.h. */
#include "address_space.h"

#include "frames.h"
#include "memory.h"
#include "paging.h"
#include "privileged.h"

#define KERNEL_INDEX (KERNEL_BASE >> 22)

uint32_t create_address_space(void)
{
    const uint32_t directory = allocate_frame();
    if (directory != 0) {
        uint32_t* entries = physical_memory(directory);
        memcpy(&entries[KERNEL_INDEX], &kernel_directory[KERNEL_INDEX], (ENTRIES - KERNEL_INDEX) * sizeof *entries);
        register_directory(directory);
    }
    return directory;
}

static uint32_t* table_of(uint32_t directory_entry)
{
    return physical_memory(directory_entry & PAGE_FRAME);
}

void destroy_address_space(uint32_t directory)
{
    const uint32_t* entries = physical_memory(directory);
    release_directory(directory);
    for (uint32_t i = 0; i < KERNEL_INDEX; i++) {
        if (entries[i] == 0) {
            continue;
        }
        const uint32_t* table = table_of(entries[i]);
        for (uint32_t j = 0; j < ENTRIES; j++) {
            if (table[j] != 0) {
                free_frame(table[j] & PAGE_FRAME);
            }
        }
        free_frame(entries[i] & PAGE_FRAME);
    }
    free_frame(directory);
}

uint32_t* user_page_entry(uint32_t directory, uint32_t address)
{
    uint32_t* entries = physical_memory(directory);
    uint32_t* entry = &entries[directory_index(address)];
    if (*entry == 0) {
        const uint32_t table = allocate_frame();
        if (table == 0) {
            return NULL;
        }
        /* The page's own entry decides what may be written. */
        set_page_entry(entry, table | PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER);
        finish_page_updates();
    }
    return &table_of(*entry)[table_index(address)];
}

bool map_zero_page(uint32_t directory, uint32_t address, uint32_t flags)
{
    uint32_t* entry = user_page_entry(directory, address);
    if (entry == NULL) {
        return false;
    }
    if (*entry != 0) {
        return true;
    }
    const uint32_t frame = allocate_frame();
    if (frame == 0) {
        return false;
    }
    set_page_entry(entry, frame | flags | PAGE_PRESENT | PAGE_USER);
    finish_page_updates();
    return true;
}

void release_pages(uint32_t directory, uint32_t start, uint32_t end)
{
    const uint32_t* entries = physical_memory(directory);
    for (uint32_t address = start; address < end; address += PAGE_SIZE) {
        const uint32_t directory_entry = entries[directory_index(address)];
        if (directory_entry == 0) {
            continue;
        }
        uint32_t* entry = &table_of(directory_entry)[table_index(address)];
        if (*entry != 0) {
            free_frame(*entry & PAGE_FRAME);
            set_page_entry(entry, 0);
            invalidate_page(address);
        }
    }
    finish_page_updates();
}
