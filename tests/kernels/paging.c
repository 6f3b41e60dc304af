// Paging from a kernel in the higher half: error codes, accessed and dirty bits, large pages, PAE, global pages, aliases
// (SDM 3A chapter 4).
#include "runtime.h"

#define OFFSET 0xC0000000u
#define PHYSICAL(pointer) ((uint32_t)(pointer) - OFFSET)
enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40, LARGE = 0x80, G = 0x100 };

// 4 MiB of linear addresses at WINDOW are mapped page by page by `table`.
#define WINDOW 0x40000000u
extern uint32_t boot_directory[1024];
static uint32_t table[1024] __attribute__((aligned(4096)));
static uint8_t frames[8][4096] __attribute__((aligned(4096)));

static void invalidate(uint32_t address) { __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory"); }
static uint32_t page(unsigned index) { return WINDOW + 4096 * index; }
static void map(unsigned index, unsigned frame, uint32_t bits)
{
    table[index] = PHYSICAL(frames[frame]) | bits;
    invalidate(page(index));
}
static volatile uint32_t *at(uint32_t address) { return (volatile uint32_t *)address; }

// --- #PF error codes: SDM 3A §4.7 -----------------------------------------------------------------------------------

__attribute__((used)) uint32_t target;
CODE(do_read, "movl target, %eax; movl (%eax), %eax; int $0x80")
CODE(do_write, "movl target, %eax; movl %eax, (%eax); int $0x80")
CODE(do_modify, "movl target, %eax; incl (%eax); int $0x80")
CODE(do_compare, "movl target, %eax; cmpl $0, (%eax); int $0x80")
CODE(do_jump, "movl target, %eax; jmp *%eax")
CODE(do_push, "movl %esp, %ebx; movl target, %esp; addl $4, %esp; pushl $1; movl %ebx, %esp; int $0x80")
CODE(do_invisible_write, "movl target, %eax; xorl %ecx, %ecx; xorl %ebx, %ebx; xchgl %ebx, (%eax); int $0x80")
CODE(do_failing_cmpxchg, "movl target, %ecx; movl $0x77777777, %eax; lock cmpxchgl %ebx, (%ecx); int $0x80")

enum { NONE = 0x80 };
static void expect(const char *name, bool user, void (*code)(void), int vector, uint32_t error_code)
{
    int got = user ? probe_user(code, USER_STACK) : probe(code);
    check(name, (uint32_t)vector, (uint32_t)got);
    if (got == PF) {
        check("  its error code", error_code, caught.error_code);
        check("  cr2", target, caught_address);
    }
}

static void set_write_protect(bool on)
{
    write_cr0(on ? read_cr0() | CR0_WP : read_cr0() & ~(uint32_t)CR0_WP);
}

// Every right of a page against every access. Expected: the vector NONE, or #PF with P as the page's, W/R as the access's,
// U/S as the ring's. Bit 4 (fetch) is never set: without NX it does not exist.
static void test_rights(void)
{
    static const struct {
        const char *name;
        void (*code)(void);
        bool writes;
    } accesses[] = { { "read", do_read, false }, { "write", do_write, true }, { "read-modify-write", do_modify, true },
        { "compare", do_compare, false }, { "push", do_push, true }, { "xchg", do_invisible_write, true },
        { "cmpxchg that fails", do_failing_cmpxchg, true } };
    static const char *const page_names[] = { "absent page", "read-only kernel page", "writable kernel page",
        "read-only user page", "writable user page" };
    static const uint32_t page_bits[] = { 0, P, P | W, P | U, P | U | W };
    target = page(1) + 0x10;
    for (unsigned wp = 0; wp < 2; ++wp) {
        set_write_protect(wp);
        for (unsigned user = 0; user < 2; ++user) {
            for (size_t i = 0; i < ARRAY_SIZE(page_bits); ++i) {
                print(user ? "ring 3, " : "ring 0, ");
                print(wp ? "wp, " : "no wp, ");
                print(page_names[i]);
                print(":\n");
                for (size_t k = 0; k < ARRAY_SIZE(accesses); ++k) {
                    if (accesses[k].code == do_push && !user) // a bad stack in ring 0 is a double fault
                        continue;
                    uint32_t bits = page_bits[i];
                    bool write = accesses[k].writes;
                    bool faults = !(bits & P) || (user && !(bits & U)) || (write && !(bits & W) && (user || wp));
                    map(1, 0, bits);
                    expect(accesses[k].name, user, accesses[k].code, faults ? PF : NONE, (bits & P) | (write ? W : 0) | (user ? U : 0));
                }
            }
        }
    }
    set_write_protect(true);
}

static void test_fetch(void)
{
    frames[0][0x10] = 0xCD; // int 0x80
    frames[0][0x11] = 0x80;
    target = page(1) + 0x10;
    map(1, 0, 0);
    expect("fetch from an absent page", false, do_jump, PF, 0);
    check("  eip is the target", target, caught.eip);
    expect("fetch from an absent page in ring 3", true, do_jump, PF, U);
    target = 0xE0000000; // above all that ring 3 has
    expect("fetch from above ring 3's part, in ring 3", true, do_jump, PF, U);
    check("  eip is the target", target, caught.eip);
    target = page(1) + 0x10;
    map(1, 0, P);
    expect("fetch from a kernel page", false, do_jump, NONE, 0);
    expect("fetch from a kernel page in ring 3", true, do_jump, PF, P | U);
    map(1, 0, P | U);
    expect("fetch from a user page in ring 3", true, do_jump, NONE, 0);
    // An instruction of five bytes whose last three are on the next page.
    static const uint8_t crossing[] = { 0xB8, 0x78, 0x56, 0x34, 0x12, 0xCD, 0x80 };
    for (unsigned i = 0; i < sizeof(crossing); ++i)
        frames[i < 2 ? 0 : 1][i < 2 ? 4094 + i : i - 2] = crossing[i];
    map(2, 0, P | U);
    map(3, 1, P | U);
    target = page(2) + 4094;
    expect("an instruction across two pages", false, do_jump, NONE, 0);
    check("  is one instruction", 0x12345678, caught.eax);
    map(3, 0, 0);
    check("with the second page absent", PF, (uint32_t)probe(do_jump));
    check("  cr2 is on the second page", page(3), caught_address);
    check("  eip is on the first", target, caught.eip);
    map(3, 1, P);
    check("with the second page the kernel's", PF, (uint32_t)probe_user(do_jump, USER_STACK));
    check("  error code", P | U, caught.error_code);
    // A data access across two pages: CR2 is the first byte that faults.
    map(2, 0, P | W | U);
    map(3, 0, 0);
    target = page(2) + 4094;
    check("a write across two pages", PF, (uint32_t)probe(do_write));
    check("  cr2 is on the second page", page(3), caught_address);
    check("  and nothing was written", 0xB8, frames[0][4094]);
}

// --- accessed and dirty bits: SDM 3A §4.8 ---------------------------------------------------------------------------

static void test_accessed_and_dirty(void)
{
    unsigned slot = WINDOW >> 22;
    map(1, 0, P | W);
    boot_directory[slot] &= ~(uint32_t)A;
    write_cr3(read_cr3());
    check("no access, no bits", 0, table[1] & (A | D));
    (void)*at(page(1));
    check("a read sets a", A, table[1] & (A | D));
    check("  in the directory too", A, boot_directory[slot] & (A | D));
    *at(page(1)) = 1;
    check("a write sets d", A | D, table[1] & (A | D));
    table[1] &= ~(uint32_t)(A | D);
    invalidate(page(1));
    *at(page(1)) = 1;
    check("a write sets both", A | D, table[1] & (A | D));
    target = page(2);
    map(2, 0, P);
    probe(do_write);
    check("a write that faults sets no d", 0, table[2] & D);
    map(1, 0, P | W);
    probe(do_read);
}

// --- TLB: SDM 3A §4.10 ----------------------------------------------------------------------------------------------

static void test_changes(void)
{
    *at((uint32_t)frames[2]) = 0x2222;
    *at((uint32_t)frames[3]) = 0x3333;
    map(1, 2, P | W);
    check("mapped", 0x2222, *at(page(1)));
    map(1, 3, P | W);
    check("after invlpg", 0x3333, *at(page(1)));
    table[1] = PHYSICAL(frames[2]) | P | W;
    write_cr3(read_cr3());
    check("after a cr3 load", 0x2222, *at(page(1)));
    map(2, 2, P | W);
    *at(page(1)) = 0x4444;
    check("two pages, one frame", 0x4444, *at(page(2)));
    table[1] = 0;
    invalidate(page(1));
    target = page(1);
    expect("unmapped", false, do_read, PF, 0);
    // What was absent is not cached: no invalidation is needed (SDM 3A §4.10.4.3).
    table[1] = PHYSICAL(frames[2]) | P | W;
    check("present without invlpg", 0x4444, *at(page(1)));
}

static void test_global_pages(void)
{
    map(1, 2, P | W | G);
    *at((uint32_t)frames[2]) = 0x2222;
    write_cr4(read_cr4() | CR4_PGE);
    check("a global page", 0x2222, *at(page(1)));
    table[1] = PHYSICAL(frames[3]) | P | W | G;
    invalidate(page(1));
    check("changed, after invlpg", 0x3333, *at(page(1)));
    table[1] = PHYSICAL(frames[2]) | P | W | G;
    write_cr4(read_cr4() & ~(uint32_t)CR4_PGE);
    check("changed, after cr4.pge was cleared", 0x2222, *at(page(1)));
}

// --- large pages: SDM 3A §4.3 ---------------------------------------------------------------------------------------

#define LARGE_WINDOW 0x50000000u

static void test_large_pages(void)
{
    unsigned slot = LARGE_WINDOW >> 22;
    volatile uint32_t *low = at(LARGE_WINDOW + PHYSICAL(frames[2]));
    *at((uint32_t)frames[2]) = 0x2222;
    boot_directory[slot] = P | W | LARGE;
    check("a 4 MiB page", 0x2222, *low);
    check("  a", A, boot_directory[slot] & (A | D));
    *low = 0x5555;
    check("  written through", 0x5555, *at((uint32_t)frames[2]));
    check("  d", A | D, boot_directory[slot] & (A | D));
    boot_directory[slot] = P | LARGE;
    write_cr3(read_cr3());
    target = (uint32_t)low;
    expect("a read-only 4 MiB page", false, do_write, PF, P | W);
    expect("a kernel's 4 MiB page in ring 3", true, do_read, PF, P | U);
    boot_directory[slot] = P | W | U | LARGE;
    write_cr3(read_cr3());
    expect("a user's 4 MiB page in ring 3", true, do_write, NONE, 0);
    boot_directory[slot] = P | W | LARGE | 1 << 21;
    write_cr3(read_cr3());
    expect("a reserved bit in a 4 MiB entry", false, do_read, PF, P | 8);
    boot_directory[slot] = 0;
    write_cr3(read_cr3());
}

// Rights are those that directory and table both give.
static void test_combined_rights(void)
{
    unsigned slot = WINDOW >> 22;
    uint32_t saved = boot_directory[slot];
    map(1, 0, P | W | U);
    target = page(1);
    boot_directory[slot] = (saved & ~(uint32_t)U);
    write_cr3(read_cr3());
    expect("directory without u", true, do_read, PF, P | U);
    boot_directory[slot] = (saved & ~(uint32_t)W);
    write_cr3(read_cr3());
    expect("directory without w", true, do_write, PF, P | W | U);
    boot_directory[slot] = 0;
    write_cr3(read_cr3());
    expect("directory absent", true, do_write, PF, W | U);
    boot_directory[slot] = saved;
    write_cr3(read_cr3());
}

// --- faults within faults -------------------------------------------------------------------------------------------

static unsigned served;
static bool serve(struct trap *trap)
{
    if (trap->vector != PF)
        return false;
    uint32_t address = read_cr2();
    ++served;
    if (address >= page(16) && address < page(24))
        (void)*at(address + 8 * 4096); // faults in turn
    map((address - WINDOW) / 4096, 4 + (address / 4096) % 4, P | W | U);
    return true;
}

CODE(string_copy, "movl target, %edi; movl $0x40020FF8, %esi; movl $10, %ecx; rep movsl; int $0x80")
CODE(string_store, "movl target, %edi; movl $2048, %ecx; movl $0x66666666, %eax; rep stosl; int $0x80")
CODE(string_scan, "movl target, %edi; movl $2048, %ecx; movl $0x66666666, %eax; repe scasl; int $0x80")
CODE(string_compare, "movl target, %edi; movl target, %esi; addl $4, %esi; movl $1500, %ecx; repe cmpsl; int $0x80")

static void test_faults_in_handlers(void)
{
    on_trap = serve;
    served = 0;
    target = page(16);
    expect("a page fault while a page fault is handled", false, do_write, NONE, 0);
    check("  both served", 2, served);
    for (unsigned i = 0; i < 1024; ++i)
        table[i] = 0;
    write_cr3(read_cr3());
    served = 0;
    target = page(40) + 0xFF0;
    expect("rep stos into absent pages", false, string_store, NONE, 0);
    check("  three pages", 3, served);
    check("  ecx", 0, caught.ecx);
    check("  edi", target + 8192, caught.edi);
    expect("rep scas over them", true, string_scan, NONE, 0);
    check("  all found", 0, caught.ecx);
    expect("rep cmps over them", false, string_compare, NONE, 0);
    check("  all equal", 0, caught.ecx);
    check("  esi", target + 4 + 6000, caught.esi);
    for (unsigned i = 0; i < 1024; ++i)
        table[i] = 0;
    write_cr3(read_cr3());
    served = 0;
    target = page(30) + 0xFFC;
    expect("rep movs between absent pages", true, string_copy, NONE, 0);
    check("  four pages", 4, served);
    check("  esi", 0x40020FF8 + 40, caught.esi);
    check("  edi", target + 40, caught.edi);
    on_trap = NULL;
    map(60, 4, P | W);
    map(61, 0, 0);
    target = page(60) + 0xFF0;
    check("rep stos that stops at an absent page", PF, (uint32_t)probe(string_store));
    check("  ecx", 2044, caught.ecx);
    check("  edi", page(61), caught.edi);
    check("  cr2", page(61), caught_address);
    check("  eip is the instruction's", 0xF3, *(uint8_t *)caught.eip);
    check("  error code", W, caught.error_code);
}

// A #PF on the push of an exception's frame from ring 3 and the double fault through a task gate (SDM 3A §6.15).
static struct task_segment rescue;
static uint8_t rescue_stack[4096] __attribute__((aligned(16)));
static uint32_t rescues, rescue_esp;
CODE(overrun, "movl target, %esp; ud2")
CODE(end_of_probe_code, "int $0x80")
static uint8_t end_stack[1024] __attribute__((aligned(16)));
__attribute__((used)) void note_rescue(void)
{
    ++rescues;
    rescue_esp = main_task.esp;
    main_task.esp = (uint32_t)(end_stack + sizeof(end_stack));
    main_task.eip = (uint32_t)end_of_probe_code;
}
__attribute__((naked)) static void rescue_entry(void)
{
    __asm__ volatile("1: call note_rescue; addl $4, %esp; iret; jmp 1b");
}

static void test_stack_overrun(void)
{
    enum { RESCUE_TSS = 0x40 };
    rescue = (struct task_segment) { .eip = (uint32_t)rescue_entry, .eflags = 2, .cs = KERNEL_CODE, .ss = KERNEL_DATA,
        .ds = KERNEL_DATA, .es = KERNEL_DATA, .fs = KERNEL_DATA, .gs = KERNEL_DATA, .cr3 = read_cr3(),
        .esp = (uint32_t)(rescue_stack + sizeof(rescue_stack)), .io_map = sizeof(rescue) };
    main_task.cr3 = read_cr3();
    set_segment(RESCUE_TSS, (uint32_t)&rescue, sizeof(rescue) - 1, 0x89, 0);
    set_task_gate(DF, RESCUE_TSS, 0x85);
    map(60, 4, P | W);
    map(59, 0, 0);
    target = page(60);
    for (unsigned i = 1; i <= 2; ++i) {
        check("#UD on a stack that has no page", 0x80, (uint32_t)probe(overrun));
        check("  is a double fault", i, rescues);
        check("  esp is what it was", target, rescue_esp);
        check("  cr2 is where the push failed", target - 4, read_cr2());
    }
    target = page(59);
    expect("the next page fault is a page fault", false, do_read, PF, 0);
    set_gate(DF, trap_entries[DF], 0x8E);
}

// --- PAE: SDM 3A §4.4 -----------------------------------------------------------------------------------------------

static uint64_t pae_pointers[4] __attribute__((aligned(32)));
static uint64_t pae_directories[4][512] __attribute__((aligned(4096)));
static uint64_t pae_table[512] __attribute__((aligned(4096)));

static void enter_pae(void)
{
    for (unsigned i = 0; i < 4; ++i)
        pae_pointers[i] = PHYSICAL(pae_directories[i]) | P;
    for (unsigned i = 0; i < 4; ++i) {
        pae_directories[0][i] = i * 0x200000ull | P | W | LARGE;
        pae_directories[3][i] = i * 0x200000ull | P | W | U | LARGE;
    }
    pae_directories[1][0] = PHYSICAL(pae_table) | P | W | U;
    uint32_t cr0 = read_cr0(), cr4 = read_cr4();
    // Paging must be off to change CR4.PAE as every processor allows it; the code runs at its low alias meanwhile.
    __asm__ volatile("movl $1f, %%eax; subl $0xC0000000, %%eax; jmp *%%eax; 1: movl %0, %%cr0; movl %1, %%cr4; movl %2, %%cr3;"
                     "movl %3, %%cr0; movl $2f, %%eax; jmp *%%eax; 2:"
                     : : "r"(cr0 & ~CR0_PG), "r"(cr4 | CR4_PAE), "r"(PHYSICAL(pae_pointers)), "r"(cr0) : "eax", "memory");
}

static void pae_map(unsigned index, uint64_t entry)
{
    pae_table[index] = entry;
    invalidate(page(index));
}

static void test_pae(void)
{
    *at((uint32_t)frames[2]) = 0x2222;
    *at((uint32_t)frames[3]) = 0x3333;
    boot_directory[0] |= P | W | LARGE;
    enter_pae();
    check("pae: the kernel runs on in 2 MiB pages", CR4_PAE, read_cr4() & CR4_PAE);
    pae_map(1, PHYSICAL(frames[2]) | P | W);
    check("pae: a 4 KiB page", 0x2222, *at(page(1)));
    check("pae: a", A, (uint32_t)pae_table[1] & (A | D));
    *at(page(1)) = 0x7777;
    check("pae: d", A | D, (uint32_t)pae_table[1] & (A | D));
    target = page(1);
    expect("pae: a kernel page in ring 3", true, do_read, PF, P | U);
    pae_map(1, PHYSICAL(frames[2]) | P | U);
    expect("pae: a read-only user page", true, do_write, PF, P | W | U);
    pae_map(1, 0);
    expect("pae: an absent page", false, do_write, PF, W);
    pae_map(1, PHYSICAL(frames[2]) | P | W | 1ull << 62);
    expect("pae: a reserved bit in an entry", false, do_read, PF, P | 8);
    expect("pae: a reserved bit, written in ring 3", true, do_write, PF, P | W | U | 8);
    pae_map(1, PHYSICAL(frames[3]) | P | W);
    check("pae: mapped again", 0x3333, *at(page(1)));
    pae_directories[1][1] = P | W | LARGE | 1 << 20;
    target = WINDOW + 0x200000;
    expect("pae: a reserved bit in a 2 MiB entry", false, do_read, PF, P | 8);
    pae_directories[1][1] = P | W | LARGE;
    invalidate(target);
    check("pae: a 2 MiB page", 0x3333, *at(WINDOW + 0x200000 + PHYSICAL(frames[3]) % 0x200000));
    // Directory pointers are loaded with CR3 only (SDM 3A §4.4.1).
    pae_pointers[1] = 0;
    write_cr3(read_cr3());
    target = page(1);
    expect("pae: an absent directory pointer", false, do_read, PF, 0);
}

void kernel_main(uint32_t magic, uint32_t information)
{
    (void)magic;
    (void)information;
    boot_directory[0x300] |= U;
    boot_directory[WINDOW >> 22] = PHYSICAL(table) | P | W | U;
    write_cr3(read_cr3());
    check("cr3 is as loaded", PHYSICAL(boot_directory), read_cr3());
    test_rights();
    test_fetch();
    test_accessed_and_dirty();
    test_changes();
    test_global_pages();
    test_large_pages();
    test_combined_rights();
    test_faults_in_handlers();
    test_stack_overrun();
    test_pae();
}
