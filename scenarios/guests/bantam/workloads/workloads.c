/*
 * The list of workloads. A name that is not in it is a ring-3 program's, given as a module.
 */
#include "workloads.h"

#include "arguments.h"
#include "multiboot.h"
#include "schedule.h"
#include "text.h"
#include "workload.h"

#define NAME_SIZE 32

const struct workload workloads[] = {
    { "crash", run_crash },
    { "hello", run_hello },
    { "holes", run_holes },
    { "mmio", run_mmio },
    { "nanobench", run_nanobench },
    { "ports", run_ports },
    { "privops", run_privops },
    { "ptes", run_ptes },
    { "ticks", run_ticks },
    { "switches", run_switches },
};
const unsigned workload_count = sizeof workloads / sizeof workloads[0];

static char name[NAME_SIZE];
static bool bench;

void bench_mark(const char* what)
{
    if (bench) {
        print("bench: %s %s\n", what, name);
    }
}

static void print_usage(void)
{
    print("bantam: nothing to run; give run=NAME on the command line\n");
    print("  in the kernel:");
    for (unsigned i = 0; i < workload_count; i++) {
        print(" %s", workloads[i].name);
    }
    for (unsigned i = 0; i < machine_workload_count; i++) {
        print(" %s", machine_workloads[i].name);
    }
    print("\n  modules:");
    for (unsigned i = 0; i < boot.module_count; i++) {
        print(" %s", boot.modules[i].name);
    }
    print("\n");
}

static const struct workload* find_workload(void)
{
    for (unsigned i = 0; i < workload_count; i++) {
        if (text_equal(workloads[i].name, name)) {
            return &workloads[i];
        }
    }
    for (unsigned i = 0; i < machine_workload_count; i++) {
        if (text_equal(machine_workloads[i].name, name)) {
            return &machine_workloads[i];
        }
    }
    return NULL;
}

bool run_workload(const char* command_line)
{
    bench = argument_number(command_line, "bench", 0, 0, 1) != 0;
    if (!argument_text(command_line, "run", name, sizeof name)) {
        print_usage();
        return false;
    }
    const struct workload* workload = find_workload();
    if (workload != NULL) {
        return workload->run(command_line);
    }
    create_process(name);
    return run_processes();
}
