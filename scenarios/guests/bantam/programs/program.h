/*
 * What every ring-3 program starts from.
 *
 * A program is one function run(), called with its arguments in ring 3 by entry.S. It returns
 * whether its own check of its result held.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arguments.h"
#include "layout.h"
#include "memory.h"
#include "system.h"
#include "text.h"

bool run(const char* arguments);

/* The heap: zeros, one page at a time, on first touch. */
static inline void* heap(void)
{
    return (void*)USER_HEAP;
}

#define HEAP_SIZE (USER_HEAP_END - USER_HEAP)

/* The end of a result line. */
static inline const char* verdict(bool right)
{
    return right ? "ok" : "WRONG";
}

/* A small generator for test data (Numerical Recipes' linear congruential constants). */
static inline uint32_t next_random(uint32_t* state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state;
}
