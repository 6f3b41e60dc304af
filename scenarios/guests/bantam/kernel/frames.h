/* Physical memory in frames of 4 KiB: who has which. */
#pragma once

#include <stdint.h>

/* All memory from 1 MiB to `memory_end` is free, apart from the kernel. */
void initialize_frames(uint32_t memory_end);

/* Takes the frames of [start, end) out of the game, free or not. */
void reserve_frames(uint32_t start, uint32_t end);

/* The physical address of a frame full of zeros; 0 when memory is exhausted. */
uint32_t allocate_frame(void);

void free_frame(uint32_t physical);
