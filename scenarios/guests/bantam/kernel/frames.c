/*
 * The frame allocator: one bit a frame, set when it is taken.
 *
 * The search goes on where the last one ended, so that a run of allocations costs one step each.
 */
#include "frames.h"

#include <stdbool.h>

#include "layout.h"
#include "memory.h"
#include "paging.h"

#define FIRST_FRAME (0x100000u / PAGE_SIZE)

extern char kernel_end[];

static uint8_t taken[DIRECT_MAP_SIZE / PAGE_SIZE / 8];
static uint32_t frame_count;
static uint32_t next_frame = FIRST_FRAME;

static bool is_taken(uint32_t frame)
{
    return (taken[frame / 8] >> (frame % 8)) & 1;
}

static void take(uint32_t frame)
{
    taken[frame / 8] |= (uint8_t)(1u << (frame % 8));
}

void initialize_frames(uint32_t memory_end)
{
    frame_count = memory_end / PAGE_SIZE;
    reserve_frames(0, (uint32_t)kernel_end - KERNEL_BASE);
}

void reserve_frames(uint32_t start, uint32_t end)
{
    for (uint32_t frame = start / PAGE_SIZE; frame * PAGE_SIZE < end; frame++) {
        take(frame);
    }
}

uint32_t allocate_frame(void)
{
    for (uint32_t tries = 0; tries < frame_count; tries++) {
        const uint32_t frame = next_frame;
        next_frame = frame + 1 < frame_count ? frame + 1 : FIRST_FRAME;
        if (!is_taken(frame)) {
            take(frame);
            memset(physical_memory(frame * PAGE_SIZE), 0, PAGE_SIZE);
            return frame * PAGE_SIZE;
        }
    }
    return 0;
}

void free_frame(uint32_t physical)
{
    const uint32_t frame = physical / PAGE_SIZE;
    taken[frame / 8] &= (uint8_t) ~(1u << (frame % 8));
}
