/* Two ring-3 programs, pre-empted by the timer until each has been pre-empted N times. */
#include "arguments.h"
#include "schedule.h"
#include "text.h"
#include "workload.h"
#include "workloads.h"

bool run_ticks(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 10, 1, 100000);
    const struct process* pair[] = { create_process("ticks"), create_process("ticks") };
    bench_mark("begin");
    run_processes();
    bench_mark("end");
    bool all = true;
    for (unsigned i = 0; i < 2; i++) {
        const bool right = pair[i]->exit_status == 0 && pair[i]->preemptions >= n;
        print("ticks: process %u was pre-empted %u times and kept its registers: %s\n", pair[i]->number, n,
            right ? "ok" : "WRONG");
        all = all && right;
    }
    return all;
}
