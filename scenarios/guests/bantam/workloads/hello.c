/*
 * From ring 0 to ring 3 and back: one process, a few system calls, one sleep.
 *
 * Each line says in which ring it was printed, and how that is known: code cannot ask for its
 * ring without an instruction that lies to a deprivileged kernel, but an entry to the kernel
 * pushes the CS it came from, and its two low bits are the ring (SDM 3A §3.4.2, §5.5).
 */
#include "schedule.h"
#include "text.h"
#include "trap.h"
#include "workloads.h"

bool run_hello(const char* arguments)
{
    (void)arguments;
    print("kernel: hello from ring %u, as a breakpoint's saved CS shows\n", ring_by_breakpoint());
    print("kernel: starting the process hello: IRET to ring 3\n");
    create_process("hello");
    const bool well = run_processes();
    print("kernel: the process has ended %s; back in ring %u\n", well ? "well" : "badly", ring_by_breakpoint());
    return well;
}
