// Into the monitor with flags set that its own code does not expect: string instructions that run backwards, a trap behind
// every instruction, a fault for every misaligned access.
#include "escape.h"

static uint32_t flags;

// With a stack, too, that makes every access of the monitor to it a misaligned one.
static void fault_with_flags(void)
{
    __asm__ volatile("pushl %0; popfl; leal -3(%%esp), %%esp; ud2" : : "r"(flags) : "memory", "cc");
}

static void visit_with_flags(void)
{
    __asm__ volatile("pushl %0; popfl" : : "r"(flags) : "memory", "cc");
    visit_monitor();
    __asm__ volatile("pushl $2; popfl" : : : "memory", "cc");
}

void attack_fault_flags(void)
{
    static const uint32_t all[] = { FLAG_CF, FLAG_ZF, FLAG_OF, FLAG_DF, FLAG_AC, FLAG_NT, 1 << 21 /* ID */, FLAG_DF | FLAG_AC,
        FLAG_AC | FLAG_NT | FLAG_DF | FLAG_CF | FLAG_OF, FLAG_TF, FLAG_TF | FLAG_AC };
    uint32_t traps = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(all); ++i) {
        flags = all[i] | 2;
        if (probe(fault_with_flags) == UD)
            ++traps;
        if (!(flags & FLAG_TF))
            (void)probe(visit_with_flags);
    }
    held("it goes on; faults", traps);
}
