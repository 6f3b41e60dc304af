// The addresses that are the monitor's, and page tables that lead there.
#include "../escape.h"
#include "hypercall.h"

enum { PRESENT = 1, WRITABLE = 2, USER = 4, ENTRIES = 1024 };

static uint32_t directory[ENTRIES] __attribute__((aligned(4096)));
static uint32_t identity[16][ENTRIES] __attribute__((aligned(4096)));
static uint32_t wild[ENTRIES] __attribute__((aligned(4096)));

static uint32_t address, seen, traps;

static bool is_for_the_guest(uint32_t page)
{
    return page == PV_SHARED_INFO || page == PV_HYPERCALL_PAGE;
}

static void read_it(void)
{
    seen = *(volatile uint32_t *)address;
}
static void write_it(void)
{
    *(volatile uint32_t *)address = 0xE5CA9ED0;
}

void attack_pv_read(void)
{
    for (uint64_t page = PV_MONITOR_BASE; page < 0x100000000; page += 0x1000) {
        address = (uint32_t)page + 0x40;
        if (is_for_the_guest((uint32_t)page))
            continue;
        if (probe(read_it) != NO_TRAP)
            ++traps;
        else if (seen != 0 && seen != 0xFFFFFFFF)
            return escaped("the monitor's memory can be read at", address);
    }
    held("traps", traps);
}

void attack_pv_overwrite(void)
{
    for (uint64_t page = PV_MONITOR_BASE; page < 0x100000000; page += 0x1000) {
        if (page == PV_SHARED_INFO)
            continue;
        address = (uint32_t)page + 0x40;
        if (probe(write_it) != NO_TRAP) {
            ++traps;
            continue;
        }
        if (probe(read_it) == NO_TRAP && seen == 0xE5CA9ED0)
            return escaped("the monitor's memory can be written at", address);
    }
    held("traps", traps);
}

void attack_pv_shared_info(void)
{
    volatile struct pv_shared_info *info = (volatile struct pv_shared_info *)PV_SHARED_INFO;
    uint32_t state = orders.random;
    for (int round = 0; round < 200; ++round) {
        for (uint32_t at = 0; at < 0x1000; at += 4) {
            state ^= state << 13, state ^= state >> 17, state ^= state << 5;
            *(volatile uint32_t *)(PV_SHARED_INFO + at) = round % 2 ? state : 0xFFFFFFFF;
        }
        hypercall(PV_VERSION, 0);
        hypercall(PV_TAKE_EVENTS, 0);
        hypercall(PV_GET_STATE, 0);
        info->time.version = 0; // odd: the reader waits, as the ABI says
        hypercall(PV_GET_TIME, 0);
        struct pv_mark mark = { state };
        hypercall(PV_MARK, (uint32_t)&mark);
    }
    held("it goes on", 0);
}

// 64 MiB where they are, so that the kernel finds itself there.
static void build(void)
{
    for (uint32_t table = 0; table < 16; ++table) {
        for (uint32_t i = 0; i < ENTRIES; ++i)
            identity[table][i] = (table << 22 | i << 12) | WRITABLE | USER | PRESENT;
        directory[table] = (uint32_t)identity[table] | WRITABLE | USER | PRESENT;
    }
}

static int32_t with_space(uint32_t call, uint32_t physical)
{
    struct pv_address_space space = { physical };
    return hypercall(call, (uint32_t)&space);
}

static int32_t enter_space(void)
{
    int32_t answer = with_space(PV_CREATE_ADDRESS_SPACE, (uint32_t)directory);
    return answer == PV_OK ? with_space(PV_SWITCH_ADDRESS_SPACE, (uint32_t)directory) : answer;
}

void attack_pv_address_spaces(void)
{
    uint32_t accepted = 0;
    build();
    for (unsigned edge = 0; edge < edge_count; ++edge) {
        with_space(PV_DESTROY_ADDRESS_SPACE, edges[edge]);
        if (with_space(PV_CREATE_ADDRESS_SPACE, edges[edge]) == PV_OK)
            ++accepted;
    }
    if (enter_space() != PV_OK)
        return held("even a good one is refused", accepted);
    with_space(PV_DESTROY_ADDRESS_SPACE, (uint32_t)directory);
    held("it goes on; directories of zeros accepted", accepted);
}

void attack_pv_wild_tables(void)
{
    static const uint32_t frames[] = { 0xFFFF0000, 0xFFFE0000, 0xFFC00000, 0xFFFFF000, 0xE0000000, 0x80000000, 0x10000000 };
    build();
    for (unsigned i = 0; i < ARRAY_SIZE(frames); ++i)
        wild[i] = frames[i] | WRITABLE | USER | PRESENT;
    directory[256] = (uint32_t)wild | WRITABLE | USER | PRESENT;
    // The monitor's own part of the address space.
    directory[PV_MONITOR_BASE >> 22] = (uint32_t)wild | WRITABLE | USER | PRESENT;
    int32_t refused = enter_space();
    if (refused == PV_OK)
        return escaped("a directory that maps the monitor's addresses was accepted", 0);
    directory[PV_MONITOR_BASE >> 22] = 0;
    if (enter_space() != PV_OK)
        return held("refused", (uint32_t)refused);
    for (unsigned i = 0; i < ARRAY_SIZE(frames); ++i) {
        address = 256u << 22 | i << 12;
        if (probe(read_it) != NO_TRAP)
            ++traps;
        else if (seen != 0xFFFFFFFF)
            return escaped("memory behind RAM at", frames[i]);
        if (probe(write_it) != NO_TRAP)
            ++traps;
    }
    held("nobody is there; traps", traps);
}

void attack_pv_wild_updates(void)
{
    static struct pv_page_update updates[256];
    uint32_t state = orders.random, done = 0;
    build();
    directory[256] = (uint32_t)wild | WRITABLE | USER | PRESENT;
    if (enter_space() != PV_OK)
        return held("even a good one is refused", 0);
    for (int round = 0; round < 200; ++round) {
        for (unsigned i = 0; i < 256; ++i) {
            state ^= state << 13, state ^= state >> 17, state ^= state << 5;
            bool good = i < (unsigned)round || state % 8 != 0;
            updates[i].entry = good ? (uint32_t)wild + state % ENTRIES * 4 : state % 16 < 8 ? edges[state % edge_count] : state;
            updates[i].value = (state * 2654435761u) & ~0x80u;
        }
        struct pv_page_updates batch = { (uint32_t)updates, 256, 0 };
        hypercall(PV_UPDATE_PAGES, (uint32_t)&batch);
        done += batch.done;
    }
    held("it goes on; updates done", done);
}
