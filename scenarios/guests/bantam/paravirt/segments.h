/* Segments are the monitor's. `holes` and `privops` ask for a table all the same. */
#pragma once

#include <stdint.h>

/* Call gates are not offered. */
static inline void set_call_gate(void (*entry)(void))
{
    (void)entry;
}

/* A table of a null descriptor, which may be loaded and means nothing. */
uint32_t segments_gdt_address(void);
uint32_t segments_gdt_limit(void);
