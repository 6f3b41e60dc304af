#include "../random_platform.h"

#include "../escape.h"
#include "hypercall.h"

const uint32_t code_selector = PV_KERNEL_CS_IN_FRAME, data_selector = PV_KERNEL_DS;

void start_timer(void)
{
    struct pv_timer timer = { 1000000 };
    hypercall(PV_SET_TIMER, (uint32_t)&timer);
}

void acknowledge_timer(void) { }

// The hypercall page, at an entry or anywhere, and the shared-info page.
uint32_t door(uint32_t random)
{
    switch (random % 4) {
    case 0:
        return PV_SHARED_INFO + (random >> 8) % 4096;
    case 1:
        return PV_HYPERCALL_PAGE + (random >> 8) % 4096;
    default:
        return PV_ENTRY((random >> 8) % PV_ENTRIES);
    }
}

// The verdict of an attack; there is none here.
void held(const char *what, uint32_t value)
{
    (void)what;
    (void)value;
}
