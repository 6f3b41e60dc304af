// Takes orders, carries them out, says what came of it.
#include "escape.h"

struct orders orders;
uint64_t memory_bytes;

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void take_orders(void)
{
    uint8_t *bytes = (uint8_t *)&orders;
    print("ready\n");
    for (unsigned i = 0; i < sizeof orders; ++i) {
        unsigned high = digit(get());
        bytes[i] = (uint8_t)(high << 4 | digit(get()));
    }
    while (get() != '\n')
        ;
}

static void say(const char *verdict, const char *what, uint32_t value)
{
    print(verdict);
    print(what);
    print(" ");
    print_hex(value);
    print("\n");
}

void held(const char *what, uint32_t value)
{
    say("held: ", what, value);
}

void escaped(const char *what, uint32_t value)
{
    say("ESCAPED: ", what, value);
}

bool held_by_trap(void (*code)(void))
{
    int vector = probe(code);
    if (vector == NO_TRAP)
        return false;
    held("trap", (uint32_t)vector);
    return true;
}

// A page that is not in the virtual TLB yet would be a fault of 64-bit code, and the end of the attack.
static void touch_all_pages(void)
{
    extern char image_begin[], image_end[];
    for (char *page = image_begin; page < image_end; page += 4096)
        *(volatile char *)page = *(volatile char *)page;
    for (uint32_t page = PAYLOAD_ADDRESS; page < PAYLOAD_STACK; page += 4096)
        *(volatile char *)page = *(volatile char *)page;
}

void run_payload(void (*enter)(void))
{
    payload_returned = 0;
    touch_all_pages();
    if (held_by_trap(enter))
        return;
    if (!payload_returned)
        held("nothing happened", 0);
    else if (payload_answer[0] == PAYLOAD_ESCAPED && payload_answer[1] == 0)
        escaped("the payload says so", payload_answer[0]);
    else
        held("64-bit code ran and got", payload_answer[0]);
}

static void attack_worker(void)
{
    run_payload(enter_by_ljmp);
}

#define ESCAPE_ATTACK_Guest32(identifier) attack_##identifier
#ifdef ESCAPE_PARAVIRT
#define ESCAPE_ATTACK_Bare32(identifier) NULL
#define ESCAPE_ATTACK_Paravirt32(identifier) attack_##identifier
#else
#define ESCAPE_ATTACK_Bare32(identifier) attack_##identifier
#define ESCAPE_ATTACK_Paravirt32(identifier) NULL
#endif
#define ESCAPE_ATTACK_Worker64(identifier) attack_worker
#define ESCAPE_ATTACK(identifier, where, proof, name) [ATTACK_##identifier] = ESCAPE_ATTACK_##where(identifier),
static void (*const attacks[])(void) = {
#include "attacks.inc"
};

void kernel_main(uint32_t magic, uint32_t information)
{
    (void)magic;
    memory_bytes = 0x100000 + 1024ull * ((const uint32_t *)information)[2]; // mem_upper (Multiboot 0.6.96 §3.3)
    take_orders();
    if (orders.attack < ATTACK_COUNT && attacks[orders.attack])
        attacks[orders.attack]();
}
