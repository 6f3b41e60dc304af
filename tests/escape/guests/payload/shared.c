// What the worker shares with the session: memory, and the control socket.
#include "payload.h"

enum { MADV_REMOVE = 9 };

// Wild numbers, then ones that nearly make sense, over and over: the session is to read them while they change.
static int64_t damage_shared(const struct orders *orders)
{
    uint64_t random = orders->random;
    for (unsigned round = 0; round < 2000; ++round) {
        for (unsigned i = 0; i < ORDERS_REGIONS; ++i) {
            uint64_t words = orders->shared[i].bytes / 8;
            if (words == 0)
                continue;
            volatile uint64_t *memory = (volatile uint64_t *)orders->shared[i].address;
            for (unsigned at = 0; at < 64 && at < words; ++at)
                memory[at] = round % 3 == 0 ? next_random(&random) : memory[at] + next_random(&random) % 256;
            for (unsigned n = 0; n < 512; ++n)
                memory[next_random(&random) % words] = next_random(&random) >> next_random(&random) % 64;
        }
    }
    return 0;
}

static int64_t punch_shared(const struct orders *orders)
{
    int64_t result = 0;
    for (unsigned i = 0; i < ORDERS_REGIONS; ++i) {
        if (orders->shared[i].bytes == 0)
            continue;
        call(SYS_madvise, orders->shared[i].address, orders->shared[i].bytes, MADV_REMOVE);
        result = call(SYS_munmap, orders->shared[i].address, orders->shared[i].bytes);
    }
    return result;
}

static int64_t send_on_control(const void *bytes, uint64_t size, const void *control, uint64_t control_size)
{
    struct iovec part = { (uint64_t)bytes, size };
    struct {
        uint64_t name, name_size, parts, part_count, control, control_size, flags;
    } message = { 0, 0, (uint64_t)&part, 1, (uint64_t)control, control_size, 0 };
    return call(SYS_sendmsg, CONTROL_SOCKET, &message, 0x4040 /* MSG_NOSIGNAL | MSG_DONTWAIT */);
}

// "Ended", with control characters as its reason, as the session takes it; then a reason that is longer than the message.
static int64_t forge_end(void)
{
    uint8_t report[200] = { 7, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0x1B, '[', '2', 'J' };
    send_on_control(report, 4 + 1 + 4 + 4 + 8 + 8 + 1 + 1, 0, 0);
    report[9] = report[10] = report[11] = 0xFF; // a reason without an end
    return send_on_control(report, sizeof report, 0, 0);
}

static int64_t forge_messages(const struct orders *orders)
{
    uint64_t random = orders->random;
    uint32_t packet[64];
    int64_t result = 0;
    for (int i = 0; i < 500; ++i) {
        for (int at = 0; at < 64; ++at)
            packet[at] = (uint32_t)next_random(&random);
        packet[0] %= 10;
        result = send_on_control(packet, next_random(&random) % sizeof packet, 0, 0);
    }
    return result;
}

static int64_t flood_messages(void)
{
    uint32_t paused = 5;
    for (int i = 0; i < 2000000; ++i) {
        paused ^= 3; // Paused, Resumed, Paused, ...
        send_on_control(&paused, sizeof paused, 0, 0);
    }
    return 0;
}

static int64_t pass_descriptors(void)
{
    struct {
        uint64_t size;
        int32_t level, type;
        int32_t descriptors[2];
    } rights = { 24, 1 /* SOL_SOCKET */, 1 /* SCM_RIGHTS */, { CONTROL_SOCKET, CONTROL_SOCKET } };
    uint32_t paused = 5;
    int64_t result = 0;
    for (int i = 0; i < 100; ++i)
        result = send_on_control(&paused, sizeof paused, &rights, sizeof rights);
    return result;
}

static int64_t write_everywhere(const struct orders *orders)
{
    int64_t result = 0;
    for (int descriptor = 0; descriptor < 64; ++descriptor) {
        for (int i = 0; i < 100; ++i)
            result += call(SYS_write, descriptor, orders, sizeof *orders);
    }
    return result;
}

static int64_t forge_account(const struct orders *orders)
{
    for (unsigned i = 0; i < ORDERS_REGIONS; ++i) {
        for (uint64_t at = 0; at < orders->shared[i].bytes; ++at)
            ((volatile uint8_t *)orders->shared[i].address)[at] = 0xFF;
    }
    return call(SYS_tgkill, call(SYS_getpid), call(SYS_gettid), 9);
}

int64_t attack_worker_shared(const struct orders *orders)
{
    switch (orders->attack) {
    case ATTACK_damage_shared: return damage_shared(orders);
    case ATTACK_punch_shared: return punch_shared(orders);
    case ATTACK_forge_end: return forge_end();
    case ATTACK_forge_messages: return forge_messages(orders);
    case ATTACK_flood_messages: return flood_messages();
    case ATTACK_pass_descriptors: return pass_descriptors();
    case ATTACK_forge_account: return forge_account(orders);
    case ATTACK_write_everywhere: return write_everywhere(orders);
    case ATTACK_close_everything:
        for (int descriptor = 0; descriptor < 1024; ++descriptor)
            call(SYS_close, descriptor);
        return 0;
    default: return -1;
    }
}
