/*
 * A process's address space: a page directory whose upper quarter is the kernel's.
 * It is named by the physical address of its directory; 0 is none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* 0 when memory is exhausted. */
uint32_t create_address_space(void);

/* Not the one in use. */
void destroy_address_space(uint32_t directory);

/* The entry for a page below USER_END, its page table made if need be; null: no memory. */
uint32_t* user_page_entry(uint32_t directory, uint32_t address);

/* Maps a frame of zeros. False when memory is exhausted; a page that exists stays as it is. */
bool map_zero_page(uint32_t directory, uint32_t address, uint32_t flags);

/* Unmaps and frees all pages of [start, end) of the address space in use. */
void release_pages(uint32_t directory, uint32_t start, uint32_t end);
