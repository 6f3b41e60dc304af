/* N process switches between two processes that yield to each other, each with its CR3 load. */
#include "arguments.h"
#include "schedule.h"
#include "text.h"
#include "workload.h"
#include "workloads.h"

bool run_switches(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 20000, 1, 100000000);
    create_process("switches");
    create_process("switches");
    bench_mark("begin");
    const bool well = run_processes();
    bench_mark("end");
    const bool right = well && process_switches >= n;
    print("switches: %u process switches: %s\n", n, right ? "ok" : "WRONG");
    return right;
}
