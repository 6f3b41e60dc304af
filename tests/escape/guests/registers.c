// What the monitor leaves in registers that the guest can read. A Multiboot kernel starts with floating-point registers
// as a reset leaves them, and keeps its own over any exit.
#include "escape.h"

static uint32_t vectors[8][4] __attribute__((aligned(16)));
static uint32_t wide[8][8] __attribute__((aligned(32)));
static uint8_t image[512] __attribute__((aligned(16)));

static void save_sse(void)
{
    __asm__ volatile("movaps %%xmm0, 0(%0); movaps %%xmm1, 16(%0); movaps %%xmm2, 32(%0); movaps %%xmm3, 48(%0);"
                     "movaps %%xmm4, 64(%0); movaps %%xmm5, 80(%0); movaps %%xmm6, 96(%0); movaps %%xmm7, 112(%0);"
                     "fxsave (%1)"
                     :
                     : "r"(vectors), "r"(image)
                     : "memory");
}

static bool settle(struct trap *trap)
{
    if (trap->vector != UD)
        return false;
    trap->eip += 2;
    return true;
}

// By a fault, and by whatever else there is.
static void visit(void)
{
    on_trap = settle;
    __asm__ volatile("ud2");
    on_trap = NULL;
    visit_monitor();
}

static uint32_t gather(const uint32_t *words, unsigned count)
{
    uint32_t all = 0;
    for (unsigned i = 0; i < count; ++i)
        all |= words[i];
    return all;
}

void attack_read_sse(void)
{
    allow_sse();
    for (int round = 0; round < 3; ++round) {
        if (held_by_trap(save_sse))
            return;
        if (gather(&vectors[0][0], 32) != 0)
            return escaped("an SSE register holds", gather(&vectors[0][0], 32));
        if (gather((uint32_t *)(image + 32), 32) != 0)
            return escaped("an x87 register holds", gather((uint32_t *)(image + 32), 32));
        visit();
    }
    held("all are zero", 0);
}

// VMOVUPS of YMM0 to YMM7, spelled out because the kernel is compiled for a processor without them.
static void save_avx(void)
{
    __asm__ volatile(".byte 0xC5, 0xFC, 0x11, 0x00\n\t"                         // vmovups %ymm0, (%eax)
                     ".byte 0xC5, 0xFC, 0x11, 0x48, 0x20\n\t"                   // %ymm1, 32(%eax)
                     ".byte 0xC5, 0xFC, 0x11, 0x50, 0x40\n\t"
                     ".byte 0xC5, 0xFC, 0x11, 0x58, 0x60\n\t"
                     ".byte 0xC5, 0xFC, 0x11, 0xA0, 0x80, 0, 0, 0\n\t"
                     ".byte 0xC5, 0xFC, 0x11, 0xA8, 0xA0, 0, 0, 0\n\t"
                     ".byte 0xC5, 0xFC, 0x11, 0xB0, 0xC0, 0, 0, 0\n\t"
                     ".byte 0xC5, 0xFC, 0x11, 0xB8, 0xE0, 0, 0, 0\n\t"
                     :
                     : "a"(wide)
                     : "memory");
}

void attack_read_avx(void)
{
    allow_sse();
    for (int round = 0; round < 3; ++round) {
        if (held_by_trap(save_avx))
            return;
        if (gather(&wide[0][0], 64) != 0)
            return escaped("an AVX register holds", gather(&wide[0][0], 64));
        visit();
    }
    held("all are zero", 0);
}
