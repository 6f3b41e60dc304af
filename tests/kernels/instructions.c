// Instructions that need care of whoever runs them: code that changes itself, string instructions that are interrupted,
// debug registers, CPUID, the time-stamp counter, model-specific registers, floating point. Halts for good at its end.
#include "runtime.h"

enum { PIC_MASTER = 0x20, PIT = 0x40 };

// --- self-modifying code: SDM 3A §8.1.3 -----------------------------------------------------------------------------

#define ROOM __attribute__((aligned(4096), section(".data")))
static uint8_t code_page[4096] ROOM;
static uint8_t code_pages[3 * 4096] ROOM;

static uint32_t call(const void *address)
{
    uint32_t result;
    __asm__ volatile("call *%1" : "=a"(result) : "r"(address) : "ecx", "edx", "memory");
    return result;
}

static void put(uint8_t *at, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; ++i)
        ((volatile uint8_t *)at)[i] = (uint8_t)bytes[i];
}
#define PUT(at, bytes) put(at, bytes, sizeof(bytes) - 1)

// Four functions in one page, each rewritten by a store of its own: none may be forgotten after the first.
static void test_many_functions_of_one_page(void)
{
    enum { FUNCTIONS = 4, DISTANCE = 256, ROUNDS = 50 };
    uint8_t *page = code_pages + 4096;
    for (uint32_t i = 0; i < FUNCTIONS; ++i)
        PUT(page + i * DISTANCE, "\xB8\x00\x00\x00\x00\xC3");
    uint32_t wrong = 0;
    for (uint32_t round = 0; round < ROUNDS; ++round) {
        for (uint32_t i = 0; i < FUNCTIONS; ++i)
            *(volatile uint32_t *)(page + i * DISTANCE + 1) = round * FUNCTIONS + i;
        for (uint32_t i = 0; i < FUNCTIONS; ++i)
            wrong += call(page + i * DISTANCE) != round * FUNCTIONS + i;
    }
    check("four functions of a page, all changed", 0, wrong);
}

// Code and a busy counter in one page; then the code changes, and the counter's stores must not have hidden that.
static void test_code_beside_data(void)
{
    uint8_t *page = code_pages + 2 * 4096;
    // incl (counter); mov $n, %eax; ret
    PUT(page, "\xFF\x05____\xB8\x00\x00\x00\x00\xC3");
    volatile uint32_t *counter = (volatile uint32_t *)(page + 2048);
    *(volatile uint32_t *)(page + 2) = (uint32_t)counter;
    *counter = 0;
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 2000; ++i) {
        if (i % 50 == 0)
            *(volatile uint32_t *)(page + 7) = i;
        wrong += call(page) != i / 50 * 50;
    }
    check("code beside data that changes", 2000, *counter);
    check("  and the code changed, too", 0, wrong);
}

static void test_self_modification(void)
{
    test_many_functions_of_one_page();
    test_code_beside_data();
    PUT(code_page, "\xB8\x11\x00\x00\x00\xC3"); // mov $0x11, %eax; ret
    check("code in data", 0x11, call(code_page));
    ((volatile uint8_t *)code_page)[1] = 0x22;
    check("code changed from another page", 0x22, call(code_page));
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 200; ++i) {
        *(volatile uint32_t *)(code_page + 1) = i;
        wrong += call(code_page) != i;
    }
    check("code changed 200 times", 0, wrong);
    // Changes the operand of the instruction right behind it: movl $0x33, (operand); mov $0, %eax; ret
    uint8_t *next = code_page + 64;
    PUT(next, "\xC7\x05____\x33\x00\x00\x00\xB8\x00\x00\x00\x00\xC3");
    *(volatile uint32_t *)(next + 2) = (uint32_t)(next + 11);
    check("the next instruction changed", 0x33, call(next));
    check("  and again", 0x33, call(next));
    // The same some instructions away in one block: mov $1, %ecx; movb $0x41 (inc ecx) over a nop; nop; nop; mov %ecx, %eax; ret
    uint8_t *block = code_page + 128;
    PUT(block, "\xB9\x01\x00\x00\x00\xC6\x05____\x41\x89\xC8\x90\x90\x89\xC8\xC3");
    *(volatile uint32_t *)(block + 7) = (uint32_t)(block + 15);
    check("an instruction of the same block changed", 2, call(block));
    // Patches code of another page and jumps there: movb $0x44, (target + 1); jmp target
    uint8_t *target = code_pages + 4096;
    PUT(target, "\xB8\x00\x00\x00\x00\xC3");
    check("another page, before", 0, call(target));
    PUT(code_page + 256, "\xC6\x05____\x44\xE9____");
    *(volatile uint32_t *)(code_page + 258) = (uint32_t)(target + 1);
    *(volatile uint32_t *)(code_page + 264) = (uint32_t)target - (uint32_t)(code_page + 268);
    check("another page, changed and jumped to", 0x44, call(code_page + 256));
    // rep stos over code, then into it: fills with nops up to a ret.
    PUT(code_pages, "\xB8\x55\x00\x00\x00\xC3");
    check("before rep stos", 0x55, call(code_pages));
    uint8_t *to = code_pages;
    uint32_t five = 5;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(five) : "a"(0x90) : "memory");
    __asm__ volatile("call *%0" : : "r"(code_pages), "a"(0x66) : "memory");
    uint32_t result;
    __asm__ volatile("call *%1" : "=a"(result) : "r"(code_pages), "0"(0x66) : "memory");
    check("after rep stos", 0x66, result);
    // An instruction that lies on two pages, whose second half changes.
    uint8_t *crossing = code_pages + 8192 - 2;
    PUT(crossing, "\xB8\x01\x00\x00\x00\xC3");
    check("across two pages", 1, call(crossing));
    ((volatile uint8_t *)crossing)[3] = 2;
    check("  its part on the second page changed", 0x20001, call(crossing));
    ((volatile uint8_t *)crossing)[1] = 3;
    check("  its part on the first page changed", 0x20003, call(crossing));
}

// Code written through another linear address of its frame.
static uint32_t directory[1024] ROOM, alias_table[1024] ROOM;

static void enter_paging(void)
{
    for (unsigned i = 0; i < 1024; ++i)
        directory[i] = i < 8 || i >= 1019 ? i << 22 | 0x87 : 0;
    directory[0x40000000u >> 22] = (uint32_t)alias_table | 7;
    for (unsigned i = 0; i < 64; ++i)
        alias_table[i] = ((uint32_t)code_page & 0xFFFFF000) | 7;
    write_cr4(read_cr4() | CR4_PSE);
    write_cr3((uint32_t)directory);
    write_cr0(read_cr0() | CR0_PG);
}

static void test_aliases(void)
{
    uint8_t *first = (uint8_t *)0x40000000, *second = (uint8_t *)0x40005000;
    PUT(code_page, "\xB8\x11\x00\x00\x00\xC3");
    check("code at its own address", 0x11, call(code_page));
    check("code at an alias", 0x11, call(first));
    ((volatile uint8_t *)second)[1] = 0x77;
    check("changed through another alias", 0x77, call(first));
    check("  seen at its own address", 0x77, call(code_page));
    ((volatile uint8_t *)code_page)[1] = 0x78;
    check("changed at its own address", 0x78, call(second));
    // Another frame behind the same address.
    PUT(code_pages + 4096, "\xB8\x99\x00\x00\x00\xC3");
    check("before the page changes", 0x78, call(first));
    alias_table[0] = (uint32_t)(code_pages + 4096) | 7;
    __asm__ volatile("invlpg (%0)" : : "r"(first) : "memory");
    check("another frame at the same address", 0x99, call(first));
    alias_table[0] = (uint32_t)code_page | 7;
    write_cr3(read_cr3());
    check("and back by cr3", 0x78, call(first));
}

// --- string instructions and interrupts -----------------------------------------------------------------------------

static volatile unsigned ticks;
static unsigned ticks_in_string;
uint8_t buffer[1 << 20], copy[1 << 20];

static bool count_ticks(struct trap *trap)
{
    if (trap->vector != 0x20)
        return false;
    ++ticks;
    if (*(uint8_t *)trap->eip == 0xF3)
        ++ticks_in_string;
    out8(PIC_MASTER, 0x20);
    return true;
}

static void start_timer(void)
{
    static const uint8_t setup[] = { 0x11, 0x20, 4, 1, 0xFE };
    out8(PIC_MASTER, setup[0]);
    for (unsigned i = 1; i < sizeof(setup); ++i)
        out8(PIC_MASTER + 1, setup[i]);
    out8(0xA1, 0xFF);
    out8(PIT + 3, 0x34);
    out8(PIT, (uint8_t)(1193182 / 5000));
    out8(PIT, 0);
    on_trap = count_ticks;
}

static void test_strings(void)
{
    start_timer();
    uint32_t wrong = 0;
    __asm__ volatile("sti");
    for (uint32_t round = 1; ticks_in_string < 5 && round < 200; ++round) {
        uint8_t *to = buffer;
        uint32_t left = sizeof(buffer);
        __asm__ volatile("rep stosb" : "+D"(to), "+c"(left) : "a"(round) : "memory");
        wrong += left != 0 || to != buffer + sizeof(buffer);
        const uint8_t *from = buffer;
        to = copy;
        left = sizeof(buffer) / 4;
        __asm__ volatile("rep movsl" : "+S"(from), "+D"(to), "+c"(left) : : "memory");
        wrong += left != 0 || to != copy + sizeof(copy) || from != buffer + sizeof(buffer);
        from = buffer;
        to = copy;
        left = sizeof(buffer) / 4;
        __asm__ volatile("repe cmpsl" : "+S"(from), "+D"(to), "+c"(left) : : "memory", "cc");
        wrong += left != 0;
        wrong += buffer[sizeof(buffer) - 1] != (uint8_t)round || copy[12345] != (uint8_t)round;
    }
    __asm__ volatile("cli");
    check("interrupted string instructions lose nothing", 0, wrong);
    check_that("string instructions are interrupted half-way", ticks_in_string >= 5);
    on_trap = NULL;
    out8(PIC_MASTER + 1, 0xFF);
}

CODE(backwards, "std; movl $copy_end, %edi; movl $4, %ecx; movl $0x5A, %eax; rep stosb; cld")
uint8_t copy_end_area[16];
__asm__(".globl copy_end\n.set copy_end, copy_end_area + 8");

static void test_string_details(void)
{
    check("std; rep stos", (uint32_t)NO_TRAP, (uint32_t)probe(backwards));
    check("  goes down", 0x5A, copy_end_area[5]);
    check("  four bytes", 0, copy_end_area[4]);
    uint32_t zero = 0, edi = 1;
    __asm__ volatile("rep stosl" : "+D"(edi), "+c"(zero) : "a"(0) : "memory");
    check("rep with ecx 0 does nothing", 1, edi);
    copy_end_area[9] = 1;
    copy_end_area[10] = 2;
    const uint8_t *from = copy_end_area + 8;
    uint32_t left = 8;
    __asm__ volatile("repne scasb" : "+D"(from), "+c"(left) : "a"(2) : "cc");
    check("repne scas stops behind what it sought", 5, left);
}

// --- debug registers: SDM 3B §17.2, §17.3 ---------------------------------------------------------------------------

__attribute__((used)) uint32_t watched[4] __attribute__((aligned(16)));
static unsigned hits;
static uint32_t hit_status, hit_places[8];
static bool resume_with_rf;

static bool count_hits(struct trap *trap)
{
    if (trap->vector != DB)
        return false;
    hit_places[hits++ & 7] = trap->eip;
    hit_status |= read_dr6();
    write_dr6(0);
    if (resume_with_rf)
        trap->eflags |= FLAG_RF;
    if (hits > 6)
        write_dr7(0);
    return true;
}

CODE(touch_watched, "movl $1, watched; movl watched, %eax; movl $1, watched + 4; nop")
CODE(touch_byte, "movb $1, watched + 2; movb $1, watched + 4; movw $1, watched + 3; nop")
CODE(push_watched, "movl %esp, %eax; movl $watched + 4, %esp; pushl $7; movl %eax, %esp; nop")
CODE(three_nops, "nop; nop; nop")
CODE(read_debug_register, "movl %dr0, %eax")
CODE(string_watched, "movl $watched - 4, %edi; movl $4, %ecx; rep stosl; nop")

static unsigned hits_of(void (*code)(void), uint32_t dr0, uint32_t dr7)
{
    hits = 0;
    hit_status = 0;
    write_dr6(0);
    write_dr0(dr0);
    write_dr7(dr7);
    int vector = probe(code);
    write_dr7(0);
    return vector == NO_TRAP ? hits : 0xBAD;
}

static void test_debug_registers(void)
{
    write_dr0(0x12345678);
    write_dr3(0x9ABCDEF0);
    check("dr0 keeps", 0x12345678, read_dr0());
    check("dr3 keeps", 0x9ABCDEF0, read_dr3());
    write_dr6(0);
    check("dr6 has fixed bits", 0xFFFF0FF0, read_dr6());
    write_dr7(0);
    check("dr7 has a fixed bit", 0x400, read_dr7());
    on_trap = count_hits;
    resume_with_rf = true;
    check("execution breakpoint", 1, hits_of(three_nops, (uint32_t)three_nops + 1, 0x402));
    check("  dr6.b0", 1, hit_status & 0x600F);
    check("  a fault: eip at the instruction", (uint32_t)three_nops + 1, hit_places[0]);
    check("again, as nothing was left behind", 1, hits_of(three_nops, (uint32_t)three_nops + 1, 0x401));
    resume_with_rf = false;
    check("without rf it strikes again", 7, hits_of(three_nops, (uint32_t)three_nops + 1, 0x402));
    check("disabled", 0, hits_of(three_nops, (uint32_t)three_nops + 1, 0x400));
    check("write breakpoint", 1, hits_of(touch_watched, (uint32_t)watched, 0xD0402));
    check("  a trap: eip behind the instruction", (uint32_t)touch_watched + 10, hit_places[0]);
    check("  dr6.b0", 1, hit_status & 0x600F);
    check("read or write breakpoint", 2, hits_of(touch_watched, (uint32_t)watched, 0xF0402));
    check("  the read", (uint32_t)touch_watched + 15, hit_places[1]);
    check("two bytes long", 2, hits_of(touch_byte, (uint32_t)watched + 2, 0x50402));
    check("  the byte", (uint32_t)touch_byte + 7, hit_places[0]);
    check("  and the word that begins within", (uint32_t)touch_byte + 23, hit_places[1]);
    check("push", 1, hits_of(push_watched, (uint32_t)watched, 0xD0402));
    check("rep stos", 1, hits_of(string_watched, (uint32_t)watched, 0xD0402));
    check("  after the iteration that wrote", (uint32_t)string_watched + 10, hit_places[0]);
    on_trap = NULL;
    write_dr6(0);
    write_dr7(0x2400);
    check("general detect: #DB before mov dr", DB, (uint32_t)probe(read_debug_register));
    check("  eip at the instruction", (uint32_t)read_debug_register, caught.eip);
    check("  dr6.bd", 0x2000, read_dr6() & 0x600F);
    check("  dr7.gd is clear in the handler", 0x400, read_dr7());
    write_dr6(0);
}

// --- CPUID, RDTSC, MSRs ---------------------------------------------------------------------------------------------

static void cpuid(uint32_t leaf, uint32_t *eax, uint32_t *ebx, uint32_t *ecx, uint32_t *edx)
{
    __asm__ volatile("cpuid" : "=a"(*eax), "=b"(*ebx), "=c"(*ecx), "=d"(*edx) : "a"(leaf), "c"(0));
}

CODE(do_cmov, "xorl %eax, %eax; cmovzl %esp, %eax")
CODE(do_cx8, "movl $watched, %esi; cmpxchg8b (%esi)")
CODE(do_mmx, "pxor %mm0, %mm0; emms")
CODE(do_sse2, "addpd %xmm1, %xmm0")
CODE(do_fxsave, "movl $buffer, %eax; addl $15, %eax; andl $~15, %eax; fxsave (%eax)")
CODE(do_rdtsc, "rdtsc")
CODE(do_rdmsr, "movl $0x1B, %ecx; rdmsr")
CODE(do_fninit, "fninit")

static void test_cpuid(void)
{
    uint32_t flags, changed;
    __asm__ volatile("pushfl; popl %0; movl %0, %1; xorl $0x200000, %1; pushl %1; popfl; pushfl; popl %1" : "=&r"(flags), "=&r"(changed));
    check("eflags.id can be changed", 0x200000, flags ^ changed);
    uint32_t eax, ebx, ecx, edx;
    cpuid(0, &eax, &ebx, &ecx, &edx);
    check_that("cpuid has leaf 1", eax >= 1);
    check_that("cpuid names a vendor", ebx != 0 && ecx != 0 && edx != 0);
    cpuid(1, &eax, &ebx, &ecx, &edx);
    static const struct {
        const char *name;
        unsigned bit;
        void (*code)(void);
    } features[] = { { "fpu", 0, do_fninit }, { "tsc", 4, do_rdtsc }, { "msr", 5, do_rdmsr }, { "cx8", 8, do_cx8 },
        { "cmov", 15, do_cmov }, { "mmx", 23, do_mmx }, { "fxsr", 24, do_fxsave }, { "sse2", 26, do_sse2 } };
    write_cr4(read_cr4() | CR4_OSFXSR);
    for (size_t i = 0; i < ARRAY_SIZE(features); ++i) {
        print("feature ");
        print(features[i].name);
        print(":\n");
        check("  offered", 1, (edx >> features[i].bit) & 1);
        check("  executes", (uint32_t)NO_TRAP, (uint32_t)probe(features[i].code));
    }
    check("pse, pae, apic, sep, pge offered", 1 << 3 | 1 << 6 | 1 << 9 | 1 << 11 | 1 << 13, edx & 0x2A48);
}

static void test_time_stamp(void)
{
    uint64_t last = read_tsc();
    uint32_t backwards_steps = 0;
    for (unsigned i = 0; i < 1000; ++i) {
        uint64_t now = read_tsc();
        backwards_steps += now < last;
        last = now;
    }
    check("rdtsc never goes back", 0, backwards_steps);
    uint64_t begin = read_tsc();
    for (volatile unsigned i = 0; i < 1000; ++i)
        ;
    check_that("rdtsc advances", read_tsc() > begin);
    for (uint32_t high = 1; high < 4; ++high) {
        __asm__ volatile("wrmsr" : : "c"(0x10), "a"(0), "d"(high << 20));
        check("rdtsc goes on from what was written", high, (uint32_t)(read_tsc() >> 52));
    }
    // Carries, wherever they come about.
    uint64_t written = 0xFFFFFFFF;
    uint32_t off = 0;
    for (unsigned i = 0; i < 200; ++i) {
        __asm__ volatile("wrmsr" : : "c"(0x10), "a"((uint32_t)written), "d"((uint32_t)(written >> 32)));
        for (unsigned again = 0; again < 20; ++again) {
            uint64_t ahead = read_tsc() - written;
            off += ahead == 0 || ahead >> 36 != 0; // some twenty seconds
        }
        written = written * 6364136223846793005u + 1442695040888963407u;
        written |= i % 3 == 0 ? 0xFFFF : i % 3 == 1 ? 0xFFFFFFF0 : 0;
    }
    check("rdtsc carries from what was written", 0, off);
}

// The flags are computed by SBB, asked for by LAHF, and asked for again behind an instruction that an engine executes itself.
static void test_flags_behind(void)
{
    uint32_t flags;
#define FLAGS_BEHIND(before, engine) \
    __asm__ volatile("stc; " before "; sbbl $0, %1; lahf; movl $1, %%ebx; " engine "; pushfl; popl %0" \
                     : "=r"(flags), "+m"(watched[0]) : : "eax", "ebx", "ecx", "edx", "cc"); \
    check("flags behind " before ", sbb, lahf, " engine, 0x80, flags & 0x8D5)
    watched[0] = 0x80000302;
    FLAGS_BEHIND("cmc", "rdtsc");
    FLAGS_BEHIND("cmc", "movl %%dr0, %%edx");
    FLAGS_BEHIND("cmc; nop", "inb $0x61, %%al");
    watched[0] = 0x80000303;
    FLAGS_BEHIND("nop", "rdtsc");
}

static void test_msrs(void)
{
    for (uint32_t index = 0x174; index <= 0x176; ++index) {
        uint32_t low, high;
        __asm__ volatile("wrmsr" : : "c"(index), "a"(0x1230 + index), "d"(0));
        __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
        check("sysenter msr keeps", 0x1230 + index, low);
    }
}

// --- floating point -------------------------------------------------------------------------------------------------

static uint8_t image[512] __attribute__((aligned(16))), other_image[512] __attribute__((aligned(16)));

static void test_floating_point(void)
{
    static double third;
    static uint32_t bits[2];
    __asm__ volatile("fninit; fld1; pushl $3; fildl (%%esp); addl $4, %%esp; fdivrp; fstpl %0" : "=m"(third));
    __builtin_memcpy(bits, &third, 8);
    check("x87: 1/3 in a double, low", 0x55555555, bits[0]);
    check("x87: 1/3 in a double, high", 0x3FD55555, bits[1]);
    uint8_t extended[10];
    __asm__ volatile("fninit; fldpi; fstpt %0" : "=m"(extended));
    check("x87: pi has 64 bits", 0x2168C235, *(uint32_t *)extended);
    uint16_t control = 0x027F; // 53 bits
    __asm__ volatile("fninit; fldcw %1; fld1; pushl $3; fildl (%%esp); addl $4, %%esp; fdivrp; fstpt %0" : "=m"(extended) : "m"(control));
    check("x87: precision control cuts to 53 bits", 0xAAAAA800, *(uint32_t *)extended);
    __asm__ volatile("fninit");
    static const uint32_t ones[4] __attribute__((aligned(16))) = { 0x3F800000, 0x40000000, 0x40400000, 0x40800000 };
    static uint32_t products[4] __attribute__((aligned(16)));
    __asm__ volatile("movaps %1, %%xmm0; mulps %%xmm0, %%xmm0; movaps %%xmm0, %0" : "=m"(products) : "m"(ones));
    check("sse: 4 * 4", 0x41800000, products[3]);
    static uint32_t doubles[4] __attribute__((aligned(16)));
    __asm__ volatile("movl $7, %%eax; cvtsi2sd %%eax, %%xmm1; sqrtsd %%xmm1, %%xmm1; movapd %%xmm1, %0" : "=m"(doubles) : : "eax");
    check("sse2: sqrt 7, high", 0x40052A7F, doubles[1]);
    __asm__ volatile("fninit; fldpi; fld1; fxsave %0; fninit; xorps %%xmm0, %%xmm0; fxrstor %0; fxsave %1" : "=m"(image), "=m"(other_image));
    uint32_t different = 0;
    for (unsigned i = 0; i < 288; ++i) // but for the pointers to the last operation, which some processors leave out
        different += (i < 6 || i >= 24) && image[i] != other_image[i];
    check("fxsave, fxrstor, fxsave give the same", 0, different);
    check("  top and tags", 0x00C03000, (*(uint32_t *)(image + 2) & 0x00FF3800));
    check("  st0 is 1", 0x3FFF, *(uint16_t *)(image + 32 + 8));
    check("  xmm0 is there", 0x41800000, *(uint32_t *)(image + 160 + 12));
}

void kernel_main(uint32_t magic, uint32_t information)
{
    (void)magic;
    (void)information;
    test_self_modification();
    enter_paging();
    test_aliases();
    test_strings();
    test_string_details();
    test_debug_registers();
    test_cpuid();
    test_time_stamp();
    test_flags_behind();
    test_msrs();
    test_floating_point();
    finish_by_halting();
}
