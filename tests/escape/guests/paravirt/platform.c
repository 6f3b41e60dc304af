// The names of the test kernels' runtime, over hypercalls.
#include "../escape.h"
#include "hypercall.h"

bool (*on_trap)(struct trap *trap);
struct trap caught;
uint32_t caught_address;
unsigned traps_taken;

extern uint32_t recovery;
extern const uint32_t exception_entries[32];
void interrupt_80(void);
void timer_event(void);
_Noreturn void resume_probe(int vector);

static struct pv_trap_entry entries[34];

void print(const char *text)
{
    struct pv_console console = { (uint32_t)text, 0, 0 };
    while (text[console.size])
        ++console.size;
    hypercall(PV_CONSOLE_WRITE, (uint32_t)&console);
}

void print_hex(uint32_t value)
{
    char text[] = "0x00000000";
    for (int i = 0; i < 8; ++i)
        text[9 - i] = "0123456789abcdef"[(value >> (4 * i)) & 15];
    print(text);
}

_Noreturn void finish(void)
{
    struct pv_exit end = { 0 };
    for (;;)
        hypercall(PV_EXIT, (uint32_t)&end);
}

char get(void)
{
    char character = 0;
    struct pv_console console = { (uint32_t)&character, 1, 0 };
    while (console.done == 0)
        hypercall(PV_CONSOLE_READ, (uint32_t)&console);
    return character;
}

void allow_sse(void) { }

void visit_monitor(void)
{
    struct pv_port port = { 0x61, 1, 0, 0 };
    hypercall(PV_VERSION, 0);
    hypercall(PV_PORT, (uint32_t)&port);
    (void)*(volatile uint32_t *)0x700000;
}

void take_trap(struct trap *trap)
{
    ++traps_taken;
    if (on_trap && on_trap(trap))
        return;
    caught = *trap;
    if (recovery)
        resume_probe((int)trap->vector);
    held("trap", trap->vector);
    finish();
}

static void set_traps(void)
{
    for (uint8_t vector = 0; vector < 32; ++vector)
        entries[vector] = (struct pv_trap_entry) { exception_entries[vector], vector, 0, 0, 0 };
    entries[32] = (struct pv_trap_entry) { (uint32_t)interrupt_80, 0x80, 3, 0, 0 };
    entries[33] = (struct pv_trap_entry) { (uint32_t)timer_event, PV_FIRST_EVENT_VECTOR + PV_EVENT_TIMER, 0, 0, 0 };
    struct pv_trap_table table = { (uint32_t)entries, ARRAY_SIZE(entries) };
    hypercall(PV_SET_TRAP_TABLE, (uint32_t)&table);
    static uint32_t kernel_stack[1024];
    ((volatile struct pv_shared_info *)PV_SHARED_INFO)->kernel_stack = (uint32_t)(kernel_stack + ARRAY_SIZE(kernel_stack));
}

void start_platform(uint32_t magic, uint32_t information)
{
    set_traps();
    kernel_main(magic, information);
    finish();
}
