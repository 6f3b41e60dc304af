/* What the boot loader says: memory, command line, modules. Copied, so its memory may be reused. */
#pragma once

#include <stdint.h>

#define MAX_MODULES 16
#define COMMAND_LINE_SIZE 1024
#define MODULE_LINE_SIZE 256

struct module {
    uint32_t start, end;              /* physical, end exclusive */
    char name[32];                    /* file name without folder and without .elf */
    char arguments[MODULE_LINE_SIZE]; /* the rest of its line */
};

struct boot_information {
    uint32_t memory_end; /* physical, exclusive */
    char command_line[COMMAND_LINE_SIZE];
    uint32_t module_count;
    struct module modules[MAX_MODULES];
};

extern struct boot_information boot;

/* How much memory there is. Needs only the first 4 MiB to be mapped. */
void read_multiboot_memory(uint32_t magic, uint32_t information);

/* Command line and modules, which may lie anywhere in the direct map. */
void read_multiboot_modules(uint32_t information);

/* Null when there is no module of that name. */
const struct module* find_module(const char* name);
