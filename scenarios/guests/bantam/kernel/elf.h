/* ELF32 programs. */
#pragma once

#include <stdint.h>

#include "multiboot.h"

/*
 * Copies the module's segments into the address space and returns the program's first address,
 * or 0 after a message that says what is wrong with the file.
 */
uint32_t load_program(const struct module* module, uint32_t directory);
