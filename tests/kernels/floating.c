// x87, MMX and SSE instructions on memory that is not plain: devices, pages that are read-only to all but ring 0, what ring 3
// must not touch (SDM 1 chapters 8 to 10).
#include "runtime.h"

#define OFFSET 0xC0000000u
#define PHYSICAL(pointer) ((uint32_t)(pointer) - OFFSET)
enum { P = 1, W = 2, U = 4 };

// 4 MiB of linear addresses at WINDOW are mapped page by page by `table`. Nothing is mapped at NOWHERE, which is above all
// that ring 3 has.
#define WINDOW 0x40000000u
#define NOWHERE 0xE0000000u
extern uint32_t boot_directory[1024];
static uint32_t table[1024] __attribute__((aligned(4096)));
static uint8_t frames[2][4096] __attribute__((aligned(4096)));

static uint32_t map(unsigned index, uint32_t physical, uint32_t bits)
{
    uint32_t address = WINDOW + 4096 * index;
    table[index] = physical | bits;
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
    return address;
}

__attribute__((used, aligned(16))) uint32_t source[4] = { 0x11223344, 0x55667788, 0x99AABBCC, 0x01020304 };
__attribute__((used, aligned(16))) uint32_t result[4];
__attribute__((used)) uint32_t target;

static void check_result(const char *name, uint32_t first, uint32_t second, uint32_t third, uint32_t fourth)
{
    check(name, first, result[0]);
    check("  its second part", second, result[1]);
    check("  its third part", third, result[2]);
    check("  its fourth part", fourth, result[3]);
}

// --- devices --------------------------------------------------------------------------------------------------------

// TARGET is a register of 32 bits, or 16 bytes where nobody answers.
CODE(x87_store, "movl target, %eax; fninit; fildl source; fistpl (%eax)")
CODE(x87_load, "movl target, %eax; fninit; fildl (%eax); fistpl result")
CODE(x87_add, "movl target, %eax; fninit; fildl source; fiaddl (%eax); fistpl result")
CODE(sse_store, "movl target, %eax; movss source, %xmm1; movss %xmm1, (%eax)")
CODE(sse_load, "movl target, %eax; movups source, %xmm7; movss (%eax), %xmm7; movups %xmm7, result")
CODE(sse_compare, "movl target, %eax; xorps %xmm0, %xmm0; ucomiss (%eax), %xmm0; pushfl; popl result")
CODE(sse_segment, "movl target, %eax; movss %es:(%eax), %xmm0; movss %xmm0, result")
CODE(sse2_shuffle, "movl target, %eax; pxor %xmm0, %xmm0; pinsrw $5, (%eax), %xmm0; movups %xmm0, result")
CODE(mmx_store, "movl target, %eax; movd source, %mm1; movd %mm1, (%eax); emms")
CODE(load_16, "movl target, %eax; movaps (%eax), %xmm3; movups %xmm3, result")
CODE(xor_16, "movl target, %eax; movups source, %xmm4; pxor (%eax), %xmm4; movups %xmm4, result")

static void test_devices(void)
{
    enum { TASK_PRIORITY = 0x80, FLAGS = 0x8D5 };
    volatile uint32_t *priority = (volatile uint32_t *)(map(0, 0xFEE00000, P | W) + TASK_PRIORITY);
    target = (uint32_t)priority;
    source[0] = 0x30;
    check("fistp to a device", NO_TRAP, (uint32_t)probe(x87_store));
    check("  arrives", 0x30, *priority);
    *priority = 0x40;
    check("fild from a device", NO_TRAP, (uint32_t)probe(x87_load));
    check("  brings its value", 0x40, result[0]);
    check("fiadd of a device", NO_TRAP, (uint32_t)probe(x87_add));
    check("  adds", 0x70, result[0]);
    source[0] = 0x50;
    check("movss to a device", NO_TRAP, (uint32_t)probe(sse_store));
    check("  arrives", 0x50, *priority);
    check("movss from a device", NO_TRAP, (uint32_t)probe(sse_load));
    check_result("  loads 32 bits and clears the others", 0x50, 0, 0, 0);
    check("ucomiss with a device", NO_TRAP, (uint32_t)probe(sse_compare));
    check("  sets the flags", FLAG_CF, result[0] & FLAGS);
    check("movss through es", NO_TRAP, (uint32_t)probe(sse_segment));
    check("  brings its value", 0x50, result[0]);
    check("pinsrw from a device", NO_TRAP, (uint32_t)probe(sse2_shuffle));
    check_result("  puts it in its place", 0, 0, 0x500000, 0);
    source[0] = 0x60;
    check("movd of mm1 to a device", NO_TRAP, (uint32_t)probe(mmx_store));
    check("  arrives", 0x60, *priority);
    *priority = 0;
    source[0] = 0x11223344;
    target = map(1, 0xA0000, P | W);
    check("movaps from where nobody answers", NO_TRAP, (uint32_t)probe(load_16));
    check_result("  reads ones", 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF);
    check("pxor with it", NO_TRAP, (uint32_t)probe(xor_16));
    check_result("  inverts", ~source[0], ~source[1], ~source[2], ~source[3]);
}

// --- pages that are read-only, but to ring 0 without CR0.WP ---------------------------------------------------------

CODE(store_16, "movl target, %eax; movups source, %xmm5; movups %xmm5, (%eax)")
CODE(store_10, "movl target, %eax; fninit; fld1; fstpt (%eax)")
CODE(store_half, "movl target, %eax; movups source, %xmm6; movhps %xmm6, (%eax)")

static bool stored(const uint8_t *at, uint32_t expected)
{
    uint32_t got = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    return got == expected;
}

static void test_read_only(void)
{
    uint32_t first = map(2, PHYSICAL(frames[0]), P);
    map(3, PHYSICAL(frames[1]), P);
    write_cr0(read_cr0() & ~(uint32_t)CR0_WP);
    target = first + 0x101;
    check("movups to a read-only page", NO_TRAP, (uint32_t)probe(store_16));
    check_that("  is all there", stored(frames[0] + 0x101, source[0]) && stored(frames[0] + 0x10D, source[3]));
    target = first + 0x200;
    check("fstp of 80 bits", NO_TRAP, (uint32_t)probe(store_10));
    check_that("  is a one", stored(frames[0] + 0x204, 0x80000000) && stored(frames[0] + 0x206, 0x3FFF8000));
    target = first + 0x300;
    check("movhps", NO_TRAP, (uint32_t)probe(store_half));
    check_that("  stores the upper half", stored(frames[0] + 0x300, source[2]) && stored(frames[0] + 0x304, source[3]));
    check_that("  and no more", stored(frames[0] + 0x308, 0));
    target = first + 4096 - 8;
    check("movups across two of them", NO_TRAP, (uint32_t)probe(store_16));
    check_that("  is all there", stored(frames[0] + 4092, source[1]) && stored(frames[1], source[2]));
    map(3, 0, 0);
    target = first + 4096 - 4;
    check("movups into an absent page", PF, (uint32_t)probe(store_16));
    check("  cr2 is on the second page", first + 4096, caught_address);
    check_that("  and nothing was written", stored(frames[0] + 4092, source[1]));
    write_cr0(read_cr0() | CR0_WP);
    check("movups with cr0.wp", PF, (uint32_t)probe(store_16));
    check("  error code", P | W, caught.error_code);
}

// --- what ring 3 must not touch -------------------------------------------------------------------------------------

CODE(store_aligned, "movl target, %eax; movaps %xmm0, (%eax); int $0x80")
CODE(load_user, "movl target, %eax; movups (%eax), %xmm0; int $0x80")
CODE(x87_user, "movl target, %eax; fldl (%eax); int $0x80")
CODE(save_user, "movl target, %eax; fxsave (%eax); int $0x80")
CODE(load_control, "movl target, %eax; ldmxcsr (%eax); int $0x80")
CODE(null_segment, "xorl %eax, %eax; movw %ax, %es; movl target, %eax; movups %es:(%eax), %xmm0; int $0x80")

static void expect_fault(const char *name, void (*code)(void), uint32_t error_code)
{
    check(name, PF, (uint32_t)probe_user(code, USER_STACK));
    check("  error code", error_code, caught.error_code);
    check("  cr2", target, caught_address);
}

static void test_ring_3(void)
{
    target = NOWHERE;
    expect_fault("movups above ring 3's part", load_user, U);
    expect_fault("movaps above ring 3's part", store_aligned, U | W);
    expect_fault("fld above ring 3's part", x87_user, U);
    expect_fault("fxsave above ring 3's part", save_user, U | W);
    target = map(2, PHYSICAL(frames[0]), P);
    expect_fault("movups from a kernel page", load_user, P | U);
    expect_fault("ldmxcsr from a kernel page", load_control, P | U);
    target = (uint32_t)source; // 0x11223344
    int reserved = probe_user(load_control, USER_STACK);
    check_or_deviate("ldmxcsr of reserved bits", GP, (uint32_t)reserved);
    source[0] = 0x1F80;
    (void)probe_user(load_control, USER_STACK);
    target = (uint32_t)source;
    check("movups in ring 3", 0x80, (uint32_t)probe_user(load_user, USER_STACK));
    target = (uint32_t)source + 4;
    int vector = probe_user(store_aligned, USER_STACK);
    check_or_deviate("movaps of a misaligned operand", GP, (uint32_t)vector);
    vector = probe_user(null_segment, USER_STACK);
    check_or_deviate("movups through a null segment", GP, (uint32_t)vector);
}

// --- single steps ---------------------------------------------------------------------------------------------------

__attribute__((used)) static uint32_t environment[7];
CODE(stepped,
    "pushfl; orl $0x100, (%esp); popfl;"
    "fninit; fildl source; fiaddl source; fistpl result; movd source, %xmm1; paddd %xmm1, %xmm1; movd %xmm1, %eax;"
    "movl %eax, result+4; fnstenv environment;"
    "pushfl; andl $~0x100, (%esp); popfl")
static unsigned steps;

static bool count_step(struct trap *trap)
{
    steps += trap->vector == DB;
    return trap->vector == DB;
}

static void test_single_steps(void)
{
    source[0] = 21;
    on_trap = count_step;
    check("single steps over floating point", NO_TRAP, (uint32_t)probe(stepped));
    on_trap = NULL;
    check("  one for each instruction", 12, steps);
    check("  x87 has computed", 42, result[0]);
    check("  sse has computed", 42, result[1]);
    check("  the environment", 0xFFFF, environment[2] & 0xFFFF);
}

void kernel_main(uint32_t magic, uint32_t information)
{
    (void)magic;
    (void)information;
    boot_directory[0x300] |= U;
    boot_directory[WINDOW >> 22] = PHYSICAL(table) | P | W | U;
    write_cr3(read_cr3());
    write_cr4(read_cr4() | CR4_OSFXSR);
    test_devices();
    test_read_only();
    test_ring_3();
    test_single_steps();
}
