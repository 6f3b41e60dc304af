/*
 * N changes of a mapping: a page table entry is written, the page invalidated, and the new
 * mapping read through (SDM 3A §4.10.4).
 *
 * Frames with their number in them wander over as many pages of the window. `batch` says how many mappings change before
 * they are read.
 */
#include "arguments.h"
#include "frames.h"
#include "paging.h"
#include "panic.h"
#include "privileged.h"
#include "text.h"
#include "workload.h"
#include "workloads.h"

#define FRAMES 64u
#define LEAST_FRAMES 16u
#define FIRST_PAGE 16u

static void allocate_numbered_frames(uint32_t* frames, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        frames[i] = allocate_frame();
        if (frames[i] == 0) {
            panic("no memory for %u frames", count);
        }
        *(uint32_t*)physical_memory(frames[i]) = i;
    }
}

bool run_ptes(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 100000, 1, 1000000000);
    const uint32_t batch = argument_number(arguments, "batch", 1, 1, FRAMES);
    const uint32_t count = batch < LEAST_FRAMES ? LEAST_FRAMES : batch;
    static uint32_t frames[FRAMES];
    allocate_numbered_frames(frames, count);

    uint32_t wrong = 0;
    bench_mark("begin");
    for (uint32_t done = 0; done < n;) {
        const volatile uint32_t* pages[FRAMES];
        uint32_t expected[FRAMES];
        const uint32_t now = n - done < batch ? n - done : batch;
        for (uint32_t i = 0; i < now; i++, done++) {
            /* The second term moves on by one with each round over the pages. */
            expected[i] = (done + done / count) % count;
            pages[i]
                = change_window(FIRST_PAGE + done % count, frames[expected[i]] | PAGE_PRESENT | PAGE_WRITABLE);
        }
        finish_page_updates();
        for (uint32_t i = 0; i < now; i++) {
            wrong += *pages[i] != expected[i];
        }
    }
    bench_mark("end");
    print("ptes: %u mapping changes, %u read wrong: %s\n", n, wrong, wrong == 0 ? "ok" : "WRONG");
    return wrong == 0;
}
