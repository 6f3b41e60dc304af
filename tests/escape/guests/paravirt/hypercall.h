// Calling the monitor.
#ifndef ESCAPE_HYPERCALL_H
#define ESCAPE_HYPERCALL_H

#include "core/paravirt_abi.h"

#include <stdint.h>

static inline int32_t hypercall(uint32_t number, uint32_t structure)
{
    int32_t answer;
    __asm__ volatile("call *%1" : "=a"(answer) : "r"(PV_ENTRY(number)), "a"(structure) : "memory", "cc");
    return answer;
}

// Addresses where something begins or ends, less and more by a few bytes.
extern const uint32_t edges[];
extern const unsigned edge_count;

#endif
