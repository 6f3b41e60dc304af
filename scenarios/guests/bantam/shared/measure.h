/*
 * What an operation costs, in ticks of the time-stamp counter.
 *
 * A loop of n operations is timed, and so is an empty loop of n rounds; the difference over n is the operation's cost. Both
 * are timed in turn, several times, and of each the shortest time counts: it is the least disturbed one.
 */
#pragma once

#include <stdint.h>

#define NANOBENCH_ROUNDS 15u

static inline uint64_t read_time_stamp(void)
{
    uint64_t now;
    __asm__ volatile("rdtsc" : "=A"(now));
    return now;
}

/* Tenths of a tick that one of the n operations of `loop` takes; 1 <= n <= 10000000. Nothing is below zero. */
uint32_t measure(void (*loop)(uint32_t n), uint32_t n);

/* "nanobench: NAME CYCLES" on the debug port, for the host: figures differ from run to run, the console must not. */
void report_figure(const char* name, uint32_t tenths);

/* How often `name` is done in a loop: the value of its own key on the command line, or of n, or `fallback`. */
uint32_t operation_count(const char* arguments, const char* name, uint32_t fallback);

/* The line on the console: whether each operation had its effect. Returns whether. */
int report_effect(const char* name, uint32_t n, uint32_t wrong);
