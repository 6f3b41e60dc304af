// Page tables that name what is not guest memory.
#include "escape.h"

enum { PRESENT = 1, WRITABLE = 2, USER = 4, LARGE = 0x80, ENTRIES = 1024 };
#define WINDOW 0x40000000u /* linear, where the wild frames are mapped */

static uint32_t directory[ENTRIES] __attribute__((aligned(4096)));
static uint32_t table[ENTRIES] __attribute__((aligned(4096)));

// All RAM and devices where they are, by large pages; WINDOW by `table`.
static void build(void)
{
    for (uint32_t i = 0; i < ENTRIES; ++i)
        directory[i] = i << 22 | LARGE | WRITABLE | USER | PRESENT;
    directory[WINDOW >> 22] = (uint32_t)table | WRITABLE | USER | PRESENT;
}

static void turn_on(void)
{
    write_cr4(read_cr4() | CR4_PSE);
    write_cr3((uint32_t)directory);
    write_cr0(read_cr0() | CR0_PG);
}

static volatile uint32_t *probed;
static uint32_t seen;
static void read_and_write(void)
{
    seen = *probed;
    *probed = 0xE5CA9ED0;
    seen |= *probed ^ 0xFFFFFFFF;
}

// Nobody is there, so that ones are read and what is written is lost; or it traps.
static void try_at(uint32_t linear, uint32_t *traps)
{
    probed = (volatile uint32_t *)linear;
    if (probe(read_and_write) != NO_TRAP)
        ++*traps;
    else if (seen != 0xFFFFFFFF)
        escaped("memory behind RAM at", linear);
}

static uint32_t wild_frame(unsigned i)
{
    static const uint32_t frames[] = { 0xFFFFF000, 0xFFFFE000, 0xE0000000, 0xC0000000, 0x80000000, 0x7FFFF000 };
    if (i < ARRAY_SIZE(frames))
        return frames[i];
    return (uint32_t)memory_bytes + (i - ARRAY_SIZE(frames)) * 0x1000;
}

void attack_frames_behind_ram(void)
{
    uint32_t traps = 0;
    build();
    for (unsigned i = 0; i < 32; ++i)
        table[i] = wild_frame(i) | WRITABLE | USER | PRESENT;
    turn_on();
    for (unsigned i = 0; i < 32; ++i) {
        try_at(WINDOW + i * 0x1000, &traps);
        try_at(WINDOW + i * 0x1000 + 0xFFC, &traps);
    }
    held("nobody is there; traps", traps);
}

void attack_large_frames_behind_ram(void)
{
    uint32_t traps = 0;
    build();
    for (unsigned i = 0; i < 32; ++i)
        directory[(WINDOW >> 22) + 1 + i] = (wild_frame(i) & 0xFFC00000) | LARGE | WRITABLE | USER | PRESENT;
    turn_on();
    for (unsigned i = 0; i < 32; ++i) {
        if ((wild_frame(i) & 0xFFC00000) >= memory_bytes && (wild_frame(i) & 0xFFC00000) != 0xFEC00000)
            try_at(WINDOW + 0x400000 * (i + 1) + 0x1000, &traps);
    }
    held("nobody is there; traps", traps);
}

void attack_tables_behind_ram(void)
{
    uint32_t traps = 0;
    build();
    for (unsigned i = 0; i < 32; ++i)
        directory[(WINDOW >> 22) + 1 + i] = wild_frame(i) | WRITABLE | USER | PRESENT;
    turn_on();
    for (unsigned i = 0; i < 32; ++i)
        try_at(WINDOW + 0x400000 * (i + 1), &traps);
    held("nobody is there; traps", traps);
}

// Without a mapping for its own code the kernel cannot go on: ones are not even a present entry that a CPU accepts.
void attack_directory_behind_ram(void)
{
    build();
    turn_on();
    write_cr3(0xFFFFF000);
    __asm__ volatile("movl 0x40000000, %%eax" : : : "eax", "memory");
    held("it goes on", 0);
}

static void execute_probed(void)
{
    ((void (*)(void))probed)();
}

void attack_execute_behind_ram(void)
{
    uint32_t traps = 0;
    build();
    for (unsigned i = 0; i < 32; ++i)
        table[i] = wild_frame(i) | WRITABLE | USER | PRESENT;
    turn_on();
    for (unsigned i = 0; i < 32; ++i) {
        probed = (volatile uint32_t *)(WINDOW + i * 0x1000);
        if (probe(execute_probed) == NO_TRAP)
            escaped("code behind RAM", (uint32_t)probed);
        else
            ++traps;
    }
    held("traps", traps);
}
