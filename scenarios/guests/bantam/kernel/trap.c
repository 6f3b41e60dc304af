/* What to do about a trap. */
#include "trap.h"

#include "machine.h"
#include "panic.h"
#include "privileged.h"
#include "process.h"
#include "schedule.h"
#include "text.h"

uint32_t kernel_resume_at;

/* SDM 3A §6.3.1, table 6-1. */
static const char* const exception_names[FIRST_INTERRUPT_VECTOR] = {
    "divide error #DE",
    "debug exception #DB",
    "non-maskable interrupt",
    "breakpoint #BP",
    "overflow #OF",
    "bound range exceeded #BR",
    "invalid opcode #UD",
    "device not available #NM",
    "double fault #DF",
    "coprocessor segment overrun",
    "invalid TSS #TS",
    "segment not present #NP",
    "stack-segment fault #SS",
    "general protection fault #GP",
    "page fault #PF",
    NULL,
    "x87 floating-point error #MF",
    "alignment check #AC",
    "machine check #MC",
    "SIMD floating-point error #XM",
};

static void describe_page_fault(const struct trap_frame* frame)
{
    const uint32_t address = read_fault_address();
    const char* access = "read";
    if (frame->error_code & FAULT_WRITE) {
        access = "write";
    } else if (address == frame->eip) {
        access = "instruction fetch";
    }
    print("; %s at %x, %s", access, address, frame->error_code & FAULT_PRESENT ? "not allowed" : "page not present");
}

void describe_trap(const struct trap_frame* frame)
{
    const char* name = NULL;
    if (frame->vector < FIRST_INTERRUPT_VECTOR) {
        name = exception_names[frame->vector];
    }
    print("%s (vector %u) in ring %u at %x, error code %x", name != NULL ? name : "trap", frame->vector, ring_of(frame),
        frame->eip, frame->error_code);
    if (frame->vector == VECTOR_PAGE_FAULT) {
        describe_page_fault(frame);
    }
    print("\n");
}

static void handle_interrupt(const struct trap_frame* frame)
{
    if (machine_interrupt_is_spurious(frame->vector)) {
        return;
    }
    /* Before the scheduler: it may be long until this process comes back here. */
    machine_acknowledge_interrupt(frame->vector);
    if (frame->vector == TIMER_VECTOR) {
        timer_tick(ring_of(frame) == 3);
    }
}

static void resume(struct trap_frame* frame, uint32_t* address)
{
    frame->eip = *address;
    frame->eax = frame->vector;
    frame->edx = frame->error_code;
    frame->ecx = ring_of(frame);
    *address = 0;
}

static void handle_exception(struct trap_frame* frame)
{
    if (ring_of(frame) == 3) {
        if (current_process->resume_at == 0) {
            kill_process(frame);
        }
        resume(frame, &current_process->resume_at);
    } else {
        if (kernel_resume_at == 0) {
            panic_on_trap(frame);
        }
        resume(frame, &kernel_resume_at);
    }
}

void handle_trap(struct trap_frame* frame)
{
    const uint32_t vector = frame->vector;
    if (vector == SYSTEM_CALL_VECTOR && ring_of(frame) == 3) {
        handle_system_call(frame);
    } else if (vector >= FIRST_INTERRUPT_VECTOR && vector <= LAST_INTERRUPT_VECTOR) {
        handle_interrupt(frame);
    } else if (vector != VECTOR_PAGE_FAULT || !give_page_on_demand(frame)) {
        handle_exception(frame);
    }
}

uint32_t ring_by_breakpoint(void)
{
    uint32_t ring;
    __asm__ volatile("movl $1f, kernel_resume_at\n"
                     "int3\n"
                     "1:"
                     : "=c"(ring)
                     :
                     : "eax", "edx", "memory");
    return ring;
}
