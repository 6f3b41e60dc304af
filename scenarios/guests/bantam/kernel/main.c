/*
 * The kernel's life: take over the machine, run what the command line names, report, end.
 * bare/boot.S calls kernel_main() with what the boot loader left in EAX and EBX.
 */
#include <stdint.h>

#include "frames.h"
#include "machine.h"
#include "multiboot.h"
#include "paging.h"
#include "privileged.h"
#include "text.h"
#include "workload.h"

#include "arguments.h"

#define DEBUG_PORT 0xE9

void console_write(const char* text, size_t length)
{
    machine_console_write(text, length);
}

void debug_write(const char* text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        out8(DEBUG_PORT, (uint8_t)text[i]);
    }
}

_Noreturn void stop_with_failure(void)
{
    machine_exit(1);
}

static void initialize_memory(uint32_t magic, uint32_t information)
{
    read_multiboot_memory(magic, information);
    map_physical_memory(boot.memory_end);
    read_multiboot_modules(information);

    initialize_frames(boot.memory_end);
    for (uint32_t i = 0; i < boot.module_count; i++) {
        reserve_frames(boot.modules[i].start, boot.modules[i].end);
    }
}

_Noreturn void kernel_main(uint32_t magic, uint32_t information)
{
    machine_console_initialize();
    machine_initialize();
    initialize_memory(magic, information);
    machine_start_timer(argument_number(boot.command_line, "hz", 100, 19, 10000));
    machine_marker(MARKER_BOOTED);
    machine_exit(run_workload(boot.command_line) ? 0 : 1);
}
