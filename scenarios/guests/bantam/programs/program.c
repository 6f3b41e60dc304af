/* The ring-3 side of the shared functions, and the frame around run(). */
#include "program.h"

void console_write(const char* text, size_t length)
{
    system_call(CALL_WRITE, (uint32_t)text, length);
}

void debug_write(const char* text, size_t length)
{
    system_call(CALL_DEBUG_WRITE, (uint32_t)text, length);
}

_Noreturn void exit_program(uint32_t status)
{
    system_call(CALL_EXIT, status, 0);
    __builtin_unreachable();
}

_Noreturn void stop_with_failure(void)
{
    exit_program(1);
}

struct far_pointer system_call_gate;

_Noreturn void program_main(const char* arguments, struct far_pointer gate)
{
    system_call_gate = gate;
    exit_program(run(arguments) ? 0 : 1);
}
