// The hypercalls, with every pointer that could lead somewhere else. Each may refuse; none may harm, or give anything away.
#include "../escape.h"
#include "hypercall.h"

const uint32_t edges[] = { 0, 1, 2, 3, 4, 0xFFC, 0xFFF, 0x1000, 0x9FFFC, 0xA0000, 0xB8000, 0xBFFFF, 0xFFFFC, 0xFFFFFC,
    0xFFFFFF, 0x1000000, 0x1000004, 0x7FFFFFFC, 0x80000000, 0xFEBFFFFC, 0xFEC00000, 0xFEE00000, PV_MONITOR_BASE - 4,
    PV_MONITOR_BASE - 1, PV_MONITOR_BASE, PV_MONITOR_BASE + 4, PV_SHARED_INFO - 4, PV_SHARED_INFO, PV_SHARED_INFO + 8,
    PV_SHARED_INFO + 0xFFC, PV_SHARED_INFO + 0x1000, PV_HYPERCALL_PAGE - 4, PV_HYPERCALL_PAGE, PV_HYPERCALL_PAGE + 0xFFC,
    PV_HYPERCALL_PAGE + 0x1000, 0xFFFFF000, 0xFFFFFFF8, 0xFFFFFFFC, 0xFFFFFFFE, 0xFFFFFFFF };
const unsigned edge_count = ARRAY_SIZE(edges);

static const uint32_t sizes[] = { 0, 1, 3, 4, 4095, 4096, 4097, 65535, 65536, 65537, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF };

static uint32_t checksum(void)
{
    uint32_t sum = 0;
    for (uint32_t at = 0; at < 0x1000; at += 4)
        sum = sum * 31 + *(volatile uint32_t *)(PV_HYPERCALL_PAGE + at);
    return sum;
}

static bool comes_back(uint32_t number)
{
    return number != PV_EXIT && number != PV_HALT && number != PV_IRET && number != PV_RETURN_TO_RING_3;
}

static uint32_t number, argument, answers, traps;

static void call_it(void)
{
    hypercall(number, argument);
    ++answers;
}

static void attempt(uint32_t with_number, uint32_t with_argument)
{
    number = with_number;
    argument = with_argument;
    if (probe(call_it) != NO_TRAP)
        ++traps;
}

static void conclude(uint32_t sum)
{
    volatile struct pv_shared_info *info = (volatile struct pv_shared_info *)PV_SHARED_INFO;
    if (checksum() != sum)
        escaped("the hypercall page has changed", checksum());
    else if (info->magic != PV_MAGIC || hypercall(PV_VERSION, 0) != PV_ABI_VERSION)
        escaped("the monitor is not what it was", info->magic);
    else
        held("answered, and goes on; answers", answers);
}

void attack_pv_structures(void)
{
    uint32_t sum = checksum();
    for (uint32_t with = 0; with < PV_ENTRIES; ++with) {
        // What these would do with memory that happens to hold a structure is what they are for.
        if (!comes_back(with) || with == PV_CONSOLE_WRITE || with == PV_SET_TRAP_TABLE || with == PV_SWITCH_ADDRESS_SPACE)
            continue;
        for (unsigned edge = 0; edge < edge_count; ++edge)
            attempt(with, edges[edge]);
    }
    conclude(sum);
}

static void write_text(uint32_t address, uint32_t size)
{
    // A text that the guest may print is no attack, only long.
    if (address + (uint64_t)size <= memory_bytes)
        return;
    struct pv_console console = { address, size, 0 };
    attempt(PV_CONSOLE_WRITE, (uint32_t)&console);
    if (console.done > size)
        escaped("more text than there is", console.done);
}

void attack_pv_inner_pointers(void)
{
    uint32_t sum = checksum();
    for (unsigned edge = 0; edge < edge_count; ++edge) {
        for (unsigned i = 0; i < ARRAY_SIZE(sizes); ++i) {
            uint32_t address = edges[edge], size = sizes[i];
            write_text(address, size);
            struct pv_console console = { address, size, 0 };
            attempt(PV_CONSOLE_READ, (uint32_t)&console);
            if (address >= memory_bytes || size > PV_MOST_TRAPS) {
                struct pv_trap_table table = { address, size };
                attempt(PV_SET_TRAP_TABLE, size ? (uint32_t)&table : 0);
            }
            struct pv_page_updates updates = { address, size, 0 };
            attempt(PV_UPDATE_PAGES, (uint32_t)&updates);
            for (uint32_t operation = 0; operation < 4; ++operation) {
                struct pv_block block = { operation, size, size, size, address, 0 };
                attempt(PV_BLOCK, (uint32_t)&block);
            }
        }
        struct pv_boundary boundary = { edges[edge] };
        attempt(PV_SET_BOUNDARY, (uint32_t)&boundary);
        struct pv_timer timer = { edges[edge] };
        attempt(PV_SET_TIMER, (uint32_t)&timer);
        struct pv_port port = { (uint16_t)edges[edge], (uint8_t)edges[edge], 0, edges[edge] };
        attempt(PV_PORT, (uint32_t)&port);
    }
    struct pv_timer never = { 0 };
    attempt(PV_SET_TIMER, (uint32_t)&never);
    conclude(sum);
}

void attack_pv_unknown(void)
{
    uint32_t sum = checksum();
    for (uint32_t with = 0; with < PV_ENTRIES; ++with) {
        if (with > PV_IRET && with < PV_RETURN_TO_RING_3)
            attempt(with, 0);
    }
    conclude(sum);
}

// Entered in the middle of its instructions, the page may do anything that a guest may do by itself.
static uint32_t place;
static void enter_anywhere(void)
{
    __asm__ volatile("pushal; call *%0; popal" : : "r"(place) : "memory");
}

void attack_pv_anywhere(void)
{
    for (uint32_t offset = 0; offset < 0x1000; ++offset) {
        place = PV_HYPERCALL_PAGE + offset;
        if (probe(enter_anywhere) != NO_TRAP)
            ++traps;
    }
    held("it goes on; traps", traps);
}

void attack_pv_gate_anywhere(void)
{
    struct __attribute__((packed)) {
        uint32_t offset;
        uint16_t selector;
    } far = { 0, PV_GATE_SELECTOR };
    for (uint32_t offset = orders.random % 64; offset < 0x1000; offset += 61) {
        far.offset = PV_HYPERCALL_PAGE + offset;
        __asm__ volatile("ljmp *%0" : : "m"(far) : "memory");
    }
}

// --- frames of PV_IRET -------------------------------------------------------------------------------------------------

static uint32_t frame[5];

static void return_by_frame(void)
{
    __asm__ volatile("movl %0, %%esp; pushl %1; ret" : : "r"(frame), "r"(PV_ENTRY(PV_IRET)) : "memory");
}

static void landing(void)
{
    __asm__ volatile("ud2");
}

void attack_pv_frames(void)
{
    static const uint32_t selectors[] = { 0, 3, 0x0C, 0x0F, 0x17, 0x1F, 0x23, 0x27, 0x2B, 0x33, 0x3F, 0x7B, 0xFFFF, 0xFFFF000F };
    static const uint32_t flags[] = { 0, 2, 0x202, 0x3202, 0x20002, 0x4002, 0x102, 0x40002, 0x200002, 0xFFFFFFFF };
    for (unsigned s = 0; s < ARRAY_SIZE(selectors); ++s) {
        for (unsigned f = 0; f < ARRAY_SIZE(flags); ++f) {
            frame[0] = (uint32_t)landing;
            frame[1] = selectors[s];
            frame[2] = flags[f];
            frame[3] = 0x500000;
            frame[4] = PV_USER_DS;
            if (probe(return_by_frame) != NO_TRAP)
                ++traps;
        }
    }
    held("it goes on; traps", traps);
}

// --- hypercalls from virtual ring 3 ---------------------------------------------------------------------------------------

static volatile uint32_t answer_in_ring_3;

static void in_ring_3(void)
{
    struct pv_mark mark = { 1 };
    for (uint32_t with = 0; with < PV_ENTRIES; ++with) {
        if (comes_back(with))
            answer_in_ring_3 = (uint32_t)hypercall(with, (uint32_t)&mark);
    }
    __asm__ volatile("int $0x80");
}

void attack_pv_ring_3(void)
{
    frame[0] = (uint32_t)in_ring_3;
    frame[1] = PV_USER_CS;
    frame[2] = 2;
    frame[3] = 0x500000;
    frame[4] = PV_USER_DS;
    held("trap", (uint32_t)probe(return_by_frame));
}
