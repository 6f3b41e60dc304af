/* Workloads: what the command line's run=NAME can name besides a ring-3 program. */
#pragma once

#include <stdbool.h>

struct workload {
    const char* name;
    bool (*run)(const char* arguments); /* true: it went well */
};

extern const struct workload workloads[];
extern const unsigned workload_count;

/* Those that only this machine has. */
extern const struct workload machine_workloads[];
extern const unsigned machine_workload_count;

/* Runs what run=NAME asks for. */
bool run_workload(const char* command_line);

/* "bench: begin NAME" and "bench: end NAME", when the command line says bench=1. */
void bench_mark(const char* what);
