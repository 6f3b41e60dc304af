/* The system calls; numbers and arguments are in shared/system_calls.h. */
#include "address_space.h"
#include "layout.h"
#include "paging.h"
#include "probes.h"
#include "schedule.h"
#include "text.h"
#include "trap.h"
#include "workload.h"

#define LONGEST_WRITE 4096u

/*
 * True when ring 3 may read all of [start, start + size). Pages of the heap and the stack count:
 * they come into being when the kernel touches them.
 */
static bool is_readable(uint32_t start, uint32_t size)
{
    if (start < USER_BASE || start >= USER_END || size > USER_END - start) {
        return false;
    }
    const uint32_t* directory = physical_memory(current_process->directory);
    const uint32_t first_page = start & PAGE_FRAME;
    for (uint32_t address = first_page; address < start + size; address += PAGE_SIZE) {
        const bool on_demand
            = (address >= USER_HEAP && address < USER_HEAP_END) || (address >= USER_STACK && address < USER_END);
        const bool has_table = directory[directory_index(address)] != 0;
        if (!on_demand && (!has_table || *user_page_entry(current_process->directory, address) == 0)) {
            return false;
        }
    }
    return true;
}

static uint32_t write(uint32_t text, uint32_t length, void (*output)(const char* text, size_t length))
{
    if (length > LONGEST_WRITE || !is_readable(text, length)) {
        return BAD_CALL;
    }
    output((const char*)text, length);
    return length;
}

static uint32_t report(uint32_t address)
{
    if (!is_readable(address, sizeof(struct probe_report))) {
        return BAD_CALL;
    }
    ring_3_report = *(const struct probe_report*)address;
    return 0;
}

static uint32_t perform(const struct trap_frame* frame, uint32_t first, uint32_t second)
{
    switch (frame->eax) {
    case CALL_EXIT:
        end_process(first);
    case CALL_WRITE:
        return write(first, second, console_write);
    case CALL_DEBUG_WRITE:
        return write(first, second, debug_write);
    case CALL_YIELD:
        schedule();
        return process_switches;
    case CALL_SLEEP:
        sleep_process(first);
        return 0;
    case CALL_RING:
        return ring_of(frame);
    case CALL_BENCH:
        bench_mark(first != 0 ? "begin" : "end");
        return 0;
    case CALL_ADD:
        return first + second;
    case CALL_HEAP_FAULTS:
        return current_process->heap_faults;
    case CALL_HEAP_RELEASE:
        release_pages(current_process->directory, USER_HEAP, USER_HEAP_END);
        return 0;
    case CALL_PREEMPTIONS:
        return least_preemptions();
    case CALL_RESUME_AT:
        current_process->resume_at = first;
        return 0;
    case CALL_REPORT:
        return report(first);
    default:
        return BAD_CALL;
    }
}

void handle_system_call(struct trap_frame* frame)
{
    frame->eax = perform(frame, frame->ebx, frame->ecx);
}
