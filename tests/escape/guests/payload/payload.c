#include "payload.h"

// The monitor interrupts a guest now and then, and what it resumes is 32-bit code: the signals that it uses are shut out.
// Its handler of SIGSYS is welcome.
static void stay_undisturbed(void)
{
    uint64_t real_time_signals = ~0ull << 31;
    call(SYS_rt_sigprocmask, 0, &real_time_signals, 0, 8);
}

__attribute__((section(".text.payload"))) int64_t payload(const struct orders *orders)
{
    stay_undisturbed();
    if (orders->attack < ATTACK_damage_shared)
        return attack_worker_processes(orders);
    if (orders->attack < ATTACK_map_everything)
        return attack_worker_shared(orders);
    return attack_worker_itself(orders);
}

/* The compiler may ask for these. */
void *memset(void *target, int value, __SIZE_TYPE__ size)
{
    for (__SIZE_TYPE__ i = 0; i < size; ++i)
        ((volatile char *)target)[i] = (char)value;
    return target;
}

void *memcpy(void *target, const void *source, __SIZE_TYPE__ size)
{
    for (__SIZE_TYPE__ i = 0; i < size; ++i)
        ((volatile char *)target)[i] = ((const char *)source)[i];
    return target;
}
