// The VM beside the one that attacks: says whether its memory is as it left it, whenever it is asked.
#include "runtime.h"

enum { COM1 = 0x3F8, LINE_STATUS = COM1 + 5, DATA_READY = 1, WORDS = 128 * 1024 };

static volatile uint32_t words[WORDS];

static uint32_t pattern(uint32_t i)
{
    return i * 2654435761u ^ 0x5EC0ED;
}

static bool is_intact(void)
{
    for (uint32_t i = 0; i < WORDS; ++i) {
        if (words[i] != pattern(i))
            return false;
    }
    return true;
}

void kernel_main(uint32_t magic, uint32_t information)
{
    (void)magic;
    (void)information;
    for (uint32_t i = 0; i < WORDS; ++i)
        words[i] = pattern(i);
    print("ready\n");
    for (;;) {
        while (!(in8(LINE_STATUS) & DATA_READY))
            ;
        (void)in8(COM1);
        print(is_intact() ? "intact\n" : "DAMAGED\n");
    }
}
