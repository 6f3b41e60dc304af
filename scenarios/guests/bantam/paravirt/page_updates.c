/*
 * Changes of page tables on their way to the monitor. A hypercall costs the same for one change and for many, and the
 * monitor maps neighbors together.
 */
#include "hypercall.h"
#include "layout.h"
#include "panic.h"
#include "privileged.h"

#define MOST_WAITING 64

static struct pv_page_update waiting[MOST_WAITING];
static uint32_t waiting_count;

void finish_page_updates(void)
{
    if (waiting_count == 0) {
        return;
    }
    struct pv_page_updates updates = { (uint32_t)waiting, waiting_count, 0 };
    waiting_count = 0;
    if (hypercall(PV_UPDATE_PAGES, &updates) != PV_OK) {
        const struct pv_page_update* refused = &waiting[updates.done];
        panic("the monitor refuses %x in the page table entry at %x", refused->value, refused->entry);
    }
}

/* Page tables lie in the direct map. */
void set_page_entry(uint32_t* entry, uint32_t value)
{
    if (waiting_count == MOST_WAITING) {
        finish_page_updates();
    }
    waiting[waiting_count++] = (struct pv_page_update) { (uint32_t)entry - KERNEL_BASE, value };
}
