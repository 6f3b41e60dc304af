// Jumps to random bytes, again and again: every trap, and the timer for those that find no end, leads to the next jump.
// The seed is typed as eight hexadecimal digits and a newline.
#include "random_platform.h"
#include "runtime.h"

enum { BYTES = 64 * 1024 };

static uint8_t soup[BYTES] __attribute__((aligned(4096)));
static uint32_t state;
static uint32_t jumps;

static uint32_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static uint32_t read_seed(void)
{
    uint32_t seed = 0;
    for (int i = 0; i < 8; ++i) {
        char c = get();
        seed = seed << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return seed;
}

// Most of what it meets are real instructions of the kinds that a monitor cares about.
static void cook(void)
{
    static const uint8_t spices[][4] = { { 0xEA }, { 0x9A }, { 0xCB }, { 0xCF }, { 0xCD, 0x80 }, { 0x0F, 0x05 },
        { 0x0F, 0x34 }, { 0x0F, 0x35 }, { 0x8E, 0xD8 }, { 0x8E, 0xD0 }, { 0x8E, 0xE0 }, { 0x0F, 0x01, 0x18 },
        { 0x0F, 0x22, 0xC0 }, { 0x0F, 0x22, 0xD8 }, { 0xFA }, { 0xFB }, { 0x9D }, { 0xF4 }, { 0xEF }, { 0x0F, 0x30 },
        { 0x0F, 0x00, 0xD0 }, { 0x0F, 0x00, 0xD8 }, { 0xF3, 0xA4 }, { 0xC4 }, { 0xC5, 0xFC }, { 0x0F, 0xAE },
        { 0xFF, 0xD3 }, { 0xFF, 0xE3 } };
    for (uint32_t i = 0; i < BYTES; ++i)
        soup[i] = (uint8_t)next_random();
    for (uint32_t i = 0; i < BYTES / 16; ++i) {
        const uint8_t *spice = spices[next_random() % ARRAY_SIZE(spices)];
        uint8_t *at = soup + next_random() % (BYTES - 8);
        for (unsigned byte = 0; byte < 4 && (byte == 0 || spice[byte]); ++byte)
            at[byte] = spice[byte];
        // Selectors of the host, where a far pointer may end, and where it may lead.
        if (next_random() % 4 == 0) {
            uint32_t offset = door(next_random());
            at[5] = (uint8_t)(0x23 + 8 * (next_random() % 4)), at[6] = 0;
            for (unsigned byte = 0; byte < 4 && next_random() % 64; ++byte)
                at[1 + byte] = (uint8_t)(offset >> 8 * byte);
        }
    }
}

static bool jump_on(struct trap *trap)
{
    static uint32_t stack[1024];
    if (trap->vector == TIMER_VECTOR)
        acknowledge_timer();
    if (++jumps % 256 == 0)
        print(".");
    if (jumps % 4096 == 0)
        cook();
    trap->eip = (uint32_t)(soup + next_random() % (BYTES - 16));
    trap->cs = code_selector;
    trap->eflags = FLAG_IF | 2;
    trap->ds = trap->es = trap->fs = trap->gs = data_selector;
    trap->eax = next_random() % 2 ? (uint32_t)(soup + next_random() % BYTES) : next_random();
    trap->ecx = next_random() % 64;
    trap->edx = next_random() % 2 ? 0x3F8 : next_random();
    trap->ebx = next_random() % 2 ? door(next_random()) : next_random();
    trap->esi = (uint32_t)(soup + next_random() % BYTES);
    trap->edi = (uint32_t)(soup + next_random() % BYTES);
    trap->ebp = (uint32_t)(stack + 512);
    return true;
}

void kernel_main(uint32_t magic, uint32_t information)
{
    (void)magic;
    (void)information;
    print("ready\n");
    state = read_seed() | 1;
    cook();
    start_timer();
    on_trap = jump_on;
    __asm__ volatile("sti; ud2");
}
