/*
 * N changes of a mapping: a page table entry is written, the page invalidated, and the new
 * mapping read through (SDM 3A §4.10.4).
 *
 * Sixteen frames, each with its number in it, wander over sixteen pages of the window.
 */
#include "arguments.h"
#include "frames.h"
#include "paging.h"
#include "panic.h"
#include "text.h"
#include "workload.h"
#include "workloads.h"

#define FRAMES 16u
#define FIRST_PAGE 16u

bool run_ptes(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 100000, 1, 1000000000);
    uint32_t frames[FRAMES];
    for (uint32_t i = 0; i < FRAMES; i++) {
        frames[i] = allocate_frame();
        if (frames[i] == 0) {
            panic("no memory for %u frames", FRAMES);
        }
        *(uint32_t*)physical_memory(frames[i]) = i;
    }

    uint32_t wrong = 0;
    bench_mark("begin");
    for (uint32_t i = 0; i < n; i++) {
        /* The second term moves on by one with each round over the pages. */
        const uint32_t frame = (i + i / FRAMES) % FRAMES;
        const volatile uint32_t* page
            = map_window(FIRST_PAGE + i % FRAMES, frames[frame] | PAGE_PRESENT | PAGE_WRITABLE);
        wrong += *page != frame;
    }
    bench_mark("end");
    print("ptes: %u mapping changes, %u read wrong: %s\n", n, wrong, wrong == 0 ? "ok" : "WRONG");
    return wrong == 0;
}
