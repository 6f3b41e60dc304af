/* N accesses of a port: the UART's scratch register, written and read in turn. */
#include "arguments.h"
#include "privileged.h"
#include "text.h"
#include "workload.h"
#include "workloads.h"

#define SCRATCH_REGISTER 0x3FF

bool run_ports(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 20000, 2, 100000000);
    uint32_t wrong = 0;
    bench_mark("begin");
    for (uint32_t i = 0; i < n / 2; i++) {
        out8(SCRATCH_REGISTER, (uint8_t)(i * 7));
        wrong += in8(SCRATCH_REGISTER) != (uint8_t)(i * 7);
    }
    bench_mark("end");
    print("ports: %u accesses, %u read back wrong: %s\n", n / 2 * 2, wrong, wrong == 0 ? "ok" : "WRONG");
    return wrong == 0;
}
