// Access outside of memory and across 4 GiB. A processor's linear addresses have 32 bits: what goes beyond wraps to 0 or
// faults (SDM 1 §3.3.1, SDM 3A §5.3), and never reaches what a 64-bit host has there.
#include "escape.h"

CODE(read_top, "movl $0xFFFFFFFD, %ecx; movl (%ecx), %eax; movl %eax, seen")
CODE(write_top, "movl $0xFFFFFFFD, %ecx; movl $0xE5CA9ED0, (%ecx)")
CODE(copy_wrapped, "cld; movl $0xFFFFFFC0, %edi; movl $0x400000, %esi; movl $128, %ecx; rep movsb")

static uint32_t seen __attribute__((used));

void attack_read_top_of_memory(void)
{
    if (!held_by_trap(read_top))
        held("read", seen);
}

void attack_write_top_of_memory(void)
{
    if (!held_by_trap(write_top))
        held("written, byte 0 of memory is", *(volatile uint8_t *)0);
}

void attack_copy_beyond_4g(void)
{
    if (!held_by_trap(copy_wrapped))
        held("copied, byte 0 of memory is", *(volatile uint8_t *)0);
}

// Devices answer there, or nobody, with ones. Whatever else answers was not meant to.
static bool is_device(uint32_t address)
{
    return (address & 0xFFF00000) == 0xFEC00000 || (address & 0xFFF00000) == 0xFEE00000;
}

static uint32_t probed;
static void read_probed(void)
{
    seen = *(volatile uint32_t *)probed;
}
static void write_probed(void)
{
    *(volatile uint32_t *)probed = 0xE5CA9ED0;
    seen = *(volatile uint32_t *)probed;
}

static void probe_behind_ram(void (*code)(void))
{
    uint32_t faults = 0;
    for (uint64_t address = memory_bytes; address < 0x100000000; address += 0x100000) {
        for (uint32_t offset = 0; offset < 0x3000; offset += 0xFF4) {
            probed = (uint32_t)address + offset;
            if (is_device(probed))
                continue;
            if (probe(code) != NO_TRAP)
                ++faults;
            else if (seen != 0xFFFFFFFF)
                return escaped("something answers at", probed);
        }
    }
    held("nobody answers; traps", faults);
}

void attack_read_behind_ram(void)
{
    probe_behind_ram(read_probed);
}

void attack_write_behind_ram(void)
{
    probe_behind_ram(write_probed);
}
