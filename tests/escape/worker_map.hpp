// The attacker's dream: where everything is in the worker's memory, from /proc/PID/maps.
#pragma once

#include "tests/escape/guests/orders.h"

#include <sys/types.h>

namespace ringside::test {

void describe_worker(pid_t worker, orders& orders);

}
