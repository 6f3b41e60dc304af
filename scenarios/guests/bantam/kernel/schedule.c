/*
 * The scheduler.
 *
 * The kernel proper, on the boot stack, is one context; each process, on its kernel stack, is
 * another. The kernel proper gives the processor to the processes in run_processes() and gets it
 * back when none is ready; then it halts until an interrupt makes one ready.
 *
 * The FPU state is switched with every process switch. The lazy way, CR0.TS and the #NM that
 * follows, saves work on a bare machine but counts on a fault that a deprivileged kernel cannot
 * bring about, because the real TS is not its own.
 */
#include "schedule.h"

#include "address_space.h"
#include "machine.h"
#include "paging.h"
#include "privileged.h"

extern void switch_context(uint32_t* save, uint32_t load);

struct process* current_process;
uint32_t process_switches;

static uint32_t kernel_proper_esp;
static uint32_t ticks;

static void save_fpu(struct fpu_state* state)
{
    __asm__ volatile("fnsave %0" : "=m"(*state));
}

static void restore_fpu(const struct fpu_state* state)
{
    __asm__ volatile("frstor %0" : : "m"(*state));
}

void initialize_fpu_state(struct fpu_state* state)
{
    __asm__ volatile("fninit");
    save_fpu(state);
}

/* The first ready process behind the current one, going around; null when there is none. */
static struct process* next_ready(void)
{
    const uint32_t start = current_process == NULL ? 0 : current_process->number;
    for (uint32_t i = 0; i < MAX_PROCESSES; i++) {
        struct process* candidate = &processes[(start + i) % MAX_PROCESSES];
        if (candidate->state == PROCESS_READY) {
            return candidate;
        }
    }
    return NULL;
}

static void enter_address_space(const struct process* process)
{
    machine_set_kernel_stack((uint32_t)process->kernel_stack + KERNEL_STACK_SIZE);
    load_page_directory(process->directory);
    process_switches++;
}

/* Goes on in `next`, or in the kernel proper when that is null. */
static void switch_to(struct process* next)
{
    struct process* previous = current_process;
    if (next == previous) {
        return;
    }
    if (previous != NULL) {
        save_fpu(&previous->fpu);
    }
    current_process = next;
    if (next != NULL) {
        enter_address_space(next);
        restore_fpu(&next->fpu);
    }
    switch_context(previous != NULL ? &previous->kernel_esp : &kernel_proper_esp,
        next != NULL ? next->kernel_esp : kernel_proper_esp);
}

void schedule(void)
{
    switch_to(next_ready());
}

static bool any_sleeping(void)
{
    for (uint32_t i = 0; i < MAX_PROCESSES; i++) {
        if (processes[i].state == PROCESS_SLEEPING) {
            return true;
        }
    }
    return false;
}

/* Frees the ended processes' memory; true when all of them ended well. */
static bool reap_processes(void)
{
    bool well = true;
    load_page_directory((uint32_t)kernel_directory - KERNEL_BASE);
    for (uint32_t i = 0; i < MAX_PROCESSES; i++) {
        if (processes[i].state == PROCESS_ENDED) {
            destroy_address_space(processes[i].directory);
            well = well && processes[i].exit_status == 0;
        }
    }
    return well;
}

bool run_processes(void)
{
    for (;;) {
        schedule();
        if (!any_sleeping()) {
            return reap_processes();
        }
        wait_for_interrupt();
    }
}

void sleep_process(uint32_t duration)
{
    current_process->wake_tick = ticks + duration;
    current_process->state = PROCESS_SLEEPING;
    schedule();
}

static void wake_sleepers(void)
{
    for (uint32_t i = 0; i < MAX_PROCESSES; i++) {
        struct process* process = &processes[i];
        if (process->state == PROCESS_SLEEPING && (int32_t)(ticks - process->wake_tick) >= 0) {
            process->state = PROCESS_READY;
        }
    }
}

void timer_tick(bool from_ring_3)
{
    ticks++;
    wake_sleepers();
    if (from_ring_3 && next_ready() != current_process) {
        current_process->preemptions++;
        schedule();
    }
}

uint32_t least_preemptions(void)
{
    uint32_t least = UINT32_MAX;
    for (uint32_t i = 0; i < MAX_PROCESSES; i++) {
        if (processes[i].state != PROCESS_UNUSED && processes[i].preemptions < least) {
            least = processes[i].preemptions;
        }
    }
    return least;
}
