/* The Multiboot 1 information structure (Multiboot specification 0.6.96 §3.3). */
#include "multiboot.h"

#include "memory.h"
#include "paging.h"
#include "panic.h"
#include "text.h"

#define BOOT_MAGIC 0x2BADB002u
#define HAS_MEMORY 0x01u
#define HAS_COMMAND_LINE 0x04u
#define HAS_MODULES 0x08u

#define MIB 0x100000u
#define LEAST_MEMORY (4 * MIB)

struct multiboot_information {
    uint32_t flags;
    uint32_t memory_lower, memory_upper; /* KiB from 0, KiB from 1 MiB */
    uint32_t boot_device;
    uint32_t command_line;
    uint32_t module_count, modules;
};

struct multiboot_module {
    uint32_t start, end, line, reserved;
};

struct boot_information boot;

static const struct multiboot_information* information_at(uint32_t physical)
{
    return physical_memory(physical);
}

void read_multiboot_memory(uint32_t magic, uint32_t information)
{
    if (magic != BOOT_MAGIC) {
        panic("the boot loader is not Multiboot 1: EAX is %x", magic);
    }
    if (information >= LEAST_MEMORY - PAGE_SIZE) {
        panic("the Multiboot information lies at %x, above 4 MiB", information);
    }
    const struct multiboot_information* from = information_at(information);
    if ((from->flags & HAS_MEMORY) == 0) {
        panic("the boot loader does not say how much memory there is");
    }
    const uint32_t most = (DIRECT_MAP_SIZE - MIB) / 1024;
    const uint32_t upper = from->memory_upper < most ? from->memory_upper : most;
    boot.memory_end = (MIB + upper * 1024) & ~(PAGE_SIZE - 1);
    if (boot.memory_end < LEAST_MEMORY) {
        panic("%u KiB above 1 MiB: 4 MiB of memory is the least", upper);
    }
}

/* Refuses what does not lie in memory; every physical address from the loader comes by here. */
static const void* checked(uint32_t physical, uint32_t size)
{
    if (physical > boot.memory_end || size > boot.memory_end - physical) {
        panic("Multiboot: %u bytes at %x are outside memory", size, physical);
    }
    return physical_memory(physical);
}

static void copy_line(char* to, size_t size, uint32_t physical, const char* what)
{
    for (size_t i = 0; i < size; i++) {
        to[i] = *(const char*)checked(physical + i, 1);
        if (to[i] == '\0') {
            return;
        }
    }
    panic("the %s is longer than %u characters", what, (uint32_t)size - 1);
}

/* "/path/hello.elf a=1" is the module hello with the arguments "a=1". */
static void split_line(struct module* module, const char* line)
{
    const char* name = line;
    const char* end = line;
    for (; *end != '\0' && *end != ' '; end++) {
        if (*end == '/') {
            name = end + 1;
        }
    }
    size_t length = (size_t)(end - name);
    if (length > 4 && memcmp(end - 4, ".elf", 4) == 0) {
        length -= 4;
    }
    if (length >= sizeof module->name) {
        length = sizeof module->name - 1;
    }
    memcpy(module->name, name, length);
    module->name[length] = '\0';
    memcpy(module->arguments, end, text_length(end) + 1);
}

static void read_module(struct module* module, const struct multiboot_module* from)
{
    if (from->end < from->start) {
        panic("Multiboot: a module ends at %x, before its start", from->end);
    }
    checked(from->start, from->end - from->start);
    module->start = from->start;
    module->end = from->end;
    char line[MODULE_LINE_SIZE] = "";
    if (from->line != 0) {
        copy_line(line, sizeof line, from->line, "command line of a module");
    }
    split_line(module, line);
}

void read_multiboot_modules(uint32_t information)
{
    const struct multiboot_information* from = information_at(information);
    if ((from->flags & HAS_COMMAND_LINE) != 0 && from->command_line != 0) {
        copy_line(boot.command_line, sizeof boot.command_line, from->command_line, "command line");
    }
    if ((from->flags & HAS_MODULES) == 0) {
        return;
    }
    if (from->module_count > MAX_MODULES) {
        panic("%u modules: %u is the most", from->module_count, MAX_MODULES);
    }
    boot.module_count = from->module_count;
    const struct multiboot_module* modules = checked(from->modules, boot.module_count * sizeof *modules);
    for (uint32_t i = 0; i < boot.module_count; i++) {
        read_module(&boot.modules[i], &modules[i]);
    }
}

const struct module* find_module(const char* name)
{
    for (uint32_t i = 0; i < boot.module_count; i++) {
        if (text_equal(boot.modules[i].name, name)) {
            return &boot.modules[i];
        }
    }
    return NULL;
}
