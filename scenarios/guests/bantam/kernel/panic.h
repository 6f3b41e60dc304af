/* The kernel cannot go on: say why, and end the run as a failure. */
#pragma once

#include "trap.h"

_Noreturn void panic(const char* format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the registers too. */
_Noreturn void panic_on_trap(const struct trap_frame* frame);
