/* The kernel workloads, one file each. */
#pragma once

#include <stdbool.h>

bool run_crash(const char* arguments);
bool run_hello(const char* arguments);
bool run_holes(const char* arguments);
bool run_mmio(const char* arguments);
bool run_nanobench(const char* arguments);
bool run_ports(const char* arguments);
bool run_privops(const char* arguments);
bool run_ptes(const char* arguments);
bool run_switches(const char* arguments);
bool run_ticks(const char* arguments);
