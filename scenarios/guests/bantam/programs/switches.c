/*
 * One of the two processes that yield to each other.
 *
 * Both run this program with their variable `mine` at the same address; only separate address
 * spaces keep the two counts apart.
 */
#include "program.h"

static volatile uint32_t mine;

bool run(const char* arguments)
{
    const uint32_t n = argument_number(arguments, "n", 20000, 1, 100000000);
    uint32_t turns = 0;
    uint32_t last = 0;
    uint32_t now = 0;
    bool right = true;
    while (now < n) {
        now = system_call(CALL_YIELD, 0, 0);
        turns++;
        mine++;
        right = right && mine == turns && now >= last;
        last = now;
    }
    return right;
}
