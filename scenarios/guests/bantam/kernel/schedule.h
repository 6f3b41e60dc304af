/* Who runs: round robin over the ready processes, and the idle loop. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "process.h"

/* Null while the kernel runs for itself. */
extern struct process* current_process;

/* Process switches so far, each with its load of CR3. */
extern uint32_t process_switches;

/* A clean x87 state. */
void initialize_fpu_state(struct fpu_state* state);

/* Runs all processes to their end; true when each ended well. Called by the kernel proper. */
bool run_processes(void);

/* Called in a process: the next ready process runs. Returns when this one's turn comes. */
void schedule(void);

/* Called in a process: as schedule(), but not before `ticks` timer ticks have passed. */
void sleep_process(uint32_t ticks);

/* The timer interrupt. */
void timer_tick(bool from_ring_3);

/* How often the least pre-empted process has been pre-empted. */
uint32_t least_preemptions(void);
