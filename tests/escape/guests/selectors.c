// Selectors of the host's own tables. Under a monitor that runs the guest on the host's CPU they load without a trap, but
// lead to the same 4 GiB: what is read through them must be what the guest's own segments read.
#include "escape.h"

static uint32_t selector, address, through_it;

static void load_and_read(void)
{
    uint32_t value;
    __asm__ volatile("movw %w1, %%gs; movl %%gs:(%2), %0" : "=r"(value) : "r"(selector), "r"(address) : "memory");
    through_it = value;
}

static volatile uint32_t mark = 0x5EC7E7;

// Compares at places of RAM, and looks for anything between RAM and 4 GiB. Returns the number of traps.
static uint32_t compare(uint32_t with_selector)
{
    static const uint32_t places[] = { 0x1000, 0x9F000, 0x100000, 0x300000, 0x400000, 0x7FF000 };
    uint32_t traps = 0;
    selector = with_selector;
    address = (uint32_t)&mark;
    if (probe(load_and_read) != NO_TRAP)
        return 1;
    for (unsigned i = 0; i < ARRAY_SIZE(places); ++i) {
        address = places[i];
        if (probe(load_and_read) != NO_TRAP)
            ++traps;
        else if (through_it != *(volatile uint32_t *)address)
            escaped("another memory through selector", selector);
    }
    for (uint64_t behind = memory_bytes; behind < 0xFEC00000; behind += 0x1000000) {
        address = (uint32_t)behind;
        if (probe(load_and_read) != NO_TRAP)
            ++traps;
        else if (through_it != 0xFFFFFFFF)
            escaped("something behind RAM through selector", selector);
    }
    return traps;
}

static void read_through(uint32_t with_selector)
{
    held("the same memory or traps; traps", compare(with_selector));
}

void attack_selector_23(void) { read_through(0x23); }
void attack_selector_2b(void) { read_through(0x2B); }
void attack_selector_33(void) { read_through(0x33); }
void attack_selector_7b(void) { read_through(0x7B); }

CODE(load_stack, "movl %esp, %ecx; movl $0x2B, %eax; movw %ax, %ss; pushl $0x600D; popl %eax; movl $0x10, %eax; movw %ax, %ss; movl %ecx, %esp")
CODE(jump_to_23, "ljmp $0x23, $1f; 1: movl $0x1BADB002, %eax")

void attack_stack_2b(void)
{
    if (!held_by_trap(load_stack))
        held("it is the same stack", 0);
}

void attack_code_23(void)
{
    if (!held_by_trap(jump_to_23))
        held("it is the same code", 0);
}

// Including those of the local table, where a monitor may keep what it uses for itself.
void attack_every_selector(void)
{
    uint32_t loaded = 0;
    for (uint32_t index = 0; index < 8192; ++index) {
        for (uint32_t table = 0; table < 8; table += 4) {
            selector = index << 3 | table | 3;
            address = (uint32_t)&mark;
            if (probe(load_and_read) != NO_TRAP)
                continue;
            ++loaded;
            if (through_it == 0x5EC7E7)
                compare(selector);
        }
    }
    held("selectors that can be read through", loaded);
}
