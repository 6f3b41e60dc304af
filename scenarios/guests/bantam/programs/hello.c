/* The ring-3 part of hello; the ring-0 part is workloads/hello.c. */
#include "program.h"

bool run(const char* arguments)
{
    (void)arguments;
    print("hello: hello from ring %u, as the kernel sees it at a system call\n", system_call(CALL_RING, 0, 0));

    const uint32_t sum = system_call(CALL_ADD, 40, 2);
    print("hello: to ring 0 and back: the kernel says that 40 + 2 = %u\n", sum);

    system_call(CALL_SLEEP, 2, 0);
    print("hello: slept for two timer ticks while the kernel halted the processor\n");
    return sum == 42;
}
