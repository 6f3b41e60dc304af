/*
 * Demand paging: a heap or stack page comes into being when it is first touched.
 *
 * The kernel itself may touch such a page, on behalf of a system call; that is served alike.
 */
#include "address_space.h"
#include "paging.h"
#include "privileged.h"
#include "schedule.h"
#include "text.h"
#include "trap.h"

bool give_page_on_demand(const struct trap_frame* frame)
{
    const uint32_t address = read_fault_address();
    const bool in_heap = address >= USER_HEAP && address < USER_HEAP_END;
    const bool in_stack = address >= USER_STACK && address < USER_END;
    if (current_process == NULL || (frame->error_code & FAULT_PRESENT) != 0 || (!in_heap && !in_stack)) {
        return false;
    }
    if (!map_zero_page(current_process->directory, address, PAGE_WRITABLE)) {
        print("bantam: memory is exhausted\n");
        return false;
    }
    if (in_heap) {
        current_process->heap_faults++;
    }
    return true;
}
