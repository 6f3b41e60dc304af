/*
 * What it costs to call the monitor: one kind of call, N times (kind=, n=).
 *
 *   version  enters the monitor and returns
 *   state    is answered by the hypercall page
 *   time     is computed by the hypercall page
 *   flag     turns the interrupt flag on and off: two stores and a look
 */
#include "arguments.h"
#include "machine_workloads.h"
#include "privileged.h"
#include "text.h"
#include "workload.h"

static uint32_t version(uint32_t n)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n; i++) {
        wrong += hypercall(PV_VERSION, NULL) != PV_ABI_VERSION;
    }
    return wrong;
}

static uint32_t state(uint32_t n)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n; i++) {
        wrong += (hypercall(PV_GET_STATE, NULL) & PV_STATE_INTERRUPTS) != 0;
    }
    return wrong;
}

static uint64_t nanoseconds(void)
{
    uint64_t answer;
    __asm__ volatile("call *%1" : "=A"(answer) : "r"(PV_ENTRY(PV_GET_TIME)) : "memory", "cc");
    return answer;
}

static uint32_t time(uint32_t n)
{
    uint64_t last = 0;
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t now = nanoseconds();
        wrong += now < last;
        last = now;
    }
    return wrong + (last == 0);
}

static uint32_t flag(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        enable_interrupts();
        disable_interrupts();
    }
    return shared_info()->interrupts != 0;
}

static const struct {
    const char* name;
    uint32_t (*run)(uint32_t n);
} kinds[] = { { "version", version }, { "state", state }, { "time", time }, { "flag", flag } };

bool run_hypercalls(const char* arguments)
{
    char name[16] = "version";
    const uint32_t n = argument_number(arguments, "n", 1000000, 1, 4000000000);
    argument_text(arguments, "kind", name, sizeof name);
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (text_equal(kinds[i].name, name)) {
            bench_mark("begin");
            const uint32_t wrong = kinds[i].run(n);
            bench_mark("end");
            print("hypercalls: %s %u times, %u wrong: %s\n", name, n, wrong, wrong == 0 ? "ok" : "WRONG");
            return wrong == 0;
        }
    }
    print("hypercalls: there is no kind '%s': version, state, time or flag\n", name);
    return false;
}
