/* Panic; the contract is in panic.h. */
#include "panic.h"

#include "text.h"

/* Set in the EFLAGS that a fault saves (SDM 3B §17.3.1.1); it says nothing about the cause. */
#define EFLAGS_RESUME 0x10000u

_Noreturn void panic(const char* format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    text_format(line, sizeof line, format, arguments);
    va_end(arguments);
    print("bantam: panic: %s\n", line);
    stop_with_failure();
}

_Noreturn void panic_on_trap(const struct trap_frame* frame)
{
    print("bantam: panic: ");
    describe_trap(frame);

    /* A trap in ring 0 does not switch stacks: the old top lies behind what was pushed. */
    const uint32_t esp = ring_of(frame) == 0 ? (uint32_t)&frame->esp : frame->esp;
    print("  eax %x  ebx %x  ecx %x  edx %x\n", frame->eax, frame->ebx, frame->ecx, frame->edx);
    print("  esi %x  edi %x  ebp %x  esp %x\n", frame->esi, frame->edi, frame->ebp, esp);
    print("  eip %x  eflags %x  cs %x\n", frame->eip, frame->eflags & ~EFLAGS_RESUME, frame->cs & 0xFFFF);
    stop_with_failure();
}
