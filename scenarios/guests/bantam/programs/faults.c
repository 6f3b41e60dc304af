/*
 * N page faults, each served with a fresh page.
 *
 * The heap is touched page by page; after BATCH pages the kernel takes all of them back.
 */
#include "program.h"

#define BATCH 512u

static uint32_t tag(uint32_t page)
{
    return page * 2654435761u + 1;
}

/* Touches `count` pages; returns how many were not zero at first or did not keep their tag. */
static uint32_t touch(uint32_t count)
{
    volatile uint32_t* words = heap();
    uint32_t wrong = 0;
    for (uint32_t page = 0; page < count; page++) {
        volatile uint32_t* word = &words[page * (PAGE_SIZE / sizeof *words)];
        wrong += *word != 0;
        *word = tag(page);
    }
    for (uint32_t page = 0; page < count; page++) {
        wrong += words[page * (PAGE_SIZE / sizeof *words)] != tag(page);
    }
    return wrong;
}

bool run(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 20000, 1, 100000000);
    const uint32_t before = system_call(CALL_HEAP_FAULTS, 0, 0);
    uint32_t wrong = 0;
    bench_begin();
    for (uint32_t done = 0; done < n; done += BATCH) {
        wrong += touch(n - done < BATCH ? n - done : BATCH);
        system_call(CALL_HEAP_RELEASE, 0, 0);
    }
    bench_end();
    const uint32_t faults = system_call(CALL_HEAP_FAULTS, 0, 0) - before;
    const bool right = faults == n && wrong == 0;
    print("faults: %u pages on demand, %u wrong: %s\n", faults, wrong, verdict(right));
    return right;
}
