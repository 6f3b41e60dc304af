/* The workloads of the paravirtual kernel alone, one file each. */
#pragma once

#include <stdbool.h>

bool run_disk(const char* arguments);
bool run_hypercalls(const char* arguments);
