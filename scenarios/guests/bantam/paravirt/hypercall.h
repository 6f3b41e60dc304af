/* Calling the monitor. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/paravirt_abi.h"

static inline volatile struct pv_shared_info* shared_info(void)
{
    return (volatile struct pv_shared_info*)PV_SHARED_INFO;
}

/* A near call to the entry in the hypercall page; PV_OK or a PV_ERROR_. */
static inline __attribute__((always_inline)) int32_t hypercall(uint32_t number, const volatile void* structure)
{
    int32_t answer;
    __asm__ volatile("call *%1"
                     : "=a"(answer)
                     : "r"(PV_ENTRY(number)), "a"(structure)
                     : "memory", "cc");
    return answer;
}

/* A hypercall that fails only if the kernel is wrong: then it panics. */
void demand(uint32_t number, const volatile void* structure);
