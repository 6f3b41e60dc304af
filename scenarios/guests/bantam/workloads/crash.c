/*
 * Ways for a guest to go wrong, chosen by variant=NAME.
 *
 *   triple      no IDT is left, then an exception: the processor shuts down (SDM 3A §6.15, #DF)
 *   jump        the kernel jumps to an address where nothing is mapped: panic
 *   privileged  a ring-3 program executes CLI: #GP, the kernel ends it
 *   loop        an endless loop with interrupts off: only an outside hand ends it
 */
#include "privileged.h"
#include "schedule.h"
#include "text.h"
#include "workloads.h"

#include "arguments.h"

_Noreturn void wild_jump(void);

static void triple_fault(void)
{
    const struct table_pointer nothing = { 0, 0 };
    print("crash: an exception without an IDT: triple fault\n");
    load_idt(&nothing);
    __asm__ volatile("int3");
}

static void jump(void)
{
    print("crash: the kernel jumps to 0xd8000000, where nothing is mapped\n");
    wild_jump();
}

static void privileged(void)
{
    print("crash: a ring-3 program executes CLI\n");
    create_process("crash");
    run_processes();
}

static void loop(void)
{
    print("crash: an endless loop with interrupts off\n");
    disable_interrupts();
    for (;;) {
        __asm__ volatile("");
    }
}

static const struct {
    const char* name;
    void (*crash)(void);
} variants[] = {
    { "triple", triple_fault },
    { "jump", jump },
    { "privileged", privileged },
    { "loop", loop },
};

bool run_crash(const char* arguments)
{
    char name[32] = "triple";
    argument_text(arguments, "variant", name, sizeof name);
    for (unsigned i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        if (text_equal(variants[i].name, name)) {
            variants[i].crash();
            return false;
        }
    }
    print("crash: there is no variant '%s': triple, jump, privileged or loop\n", name);
    return false;
}
