/* Processes: a ring-3 program, its address space, its kernel stack. */
#pragma once

#include <stdint.h>

#include "trap.h"

#define MAX_PROCESSES 4
#define KERNEL_STACK_SIZE 4096

enum process_state { PROCESS_UNUSED, PROCESS_READY, PROCESS_SLEEPING, PROCESS_ENDED };

/* What FNSAVE stores (SDM 1 §8.1.10). */
struct fpu_state {
    uint8_t bytes[108];
};

struct process {
    enum process_state state;
    uint32_t number; /* from 1 on, in order of creation */
    const char* name;
    uint32_t directory;   /* physical address of the page directory */
    uint32_t kernel_esp;  /* where switch_context() goes on */
    uint32_t exit_status; /* of an ended process; 0: it went well */
    uint32_t wake_tick;   /* of a sleeping process */
    uint32_t preemptions; /* times the timer gave its processor to another process */
    uint32_t heap_faults; /* heap pages given on demand */
    uint32_t resume_at;   /* where its next exception goes on; 0: it is fatal */
    struct fpu_state fpu;
    uint8_t kernel_stack[KERNEL_STACK_SIZE] __attribute__((aligned(16)));
};

extern struct process processes[MAX_PROCESSES];

/*
 * A process of the module `name`. The program is given the module's arguments and the
 * kernel's command line. Any failure ends the run with a message.
 */
struct process* create_process(const char* name);

/* Ends the current process. */
_Noreturn void end_process(uint32_t status);

/* Ends the current process for what it did, after a message. */
_Noreturn void kill_process(const struct trap_frame* frame);
