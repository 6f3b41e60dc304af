// Task switches by hardware (SDM 3A chapter 7) and virtual-8086 mode (SDM 3B chapter 20).
#include "runtime.h"

enum { OTHER_TSS = 0x40, LDT = 0x48, BUSY = 0x8B, AVAILABLE = 0x89 };

static struct task_segment other;
static uint8_t other_stack[4096] __attribute__((aligned(16)));
static uint64_t ldt[2];

static uint32_t type_of(uint16_t selector) { return (uint32_t)(gdt[selector / 8] >> 40) & 0xFF; }
static uint32_t task_register(void)
{
    uint32_t value = 0;
    __asm__ volatile("str %w0" : "+r"(value));
    return value;
}

struct seen {
    uint32_t eax, ebx, esp, flags, main_type, other_type, link, ts, task;
};
static struct seen seen;

__attribute__((used)) void look_around(uint32_t eax, uint32_t ebx, uint32_t flags)
{
    seen = (struct seen) { eax, ebx, 0, flags, type_of(MAIN_TSS), type_of(OTHER_TSS), other.link & 0xFFFF, read_cr0() & CR0_TS,
        task_register() };
    __asm__ volatile("clts");
}

// The task: reports what it finds, then leaves by IRET when it is nested and by a jump otherwise.
__attribute__((naked)) static void other_entry(void)
{
    __asm__ volatile("1: pushfl; pushl %ebx; pushl %eax; call look_around; addl $8, %esp; popl %eax; testl $0x4000, %eax; jnz 2f;"
                     "ljmp $0x28, $0; jmp 1b; 2: iret; jmp 1b");
}

static void prepare(void)
{
    other = (struct task_segment) { .eip = (uint32_t)other_entry, .eflags = 2, .eax = 0xAAAA, .ebx = 0xBBBB, .cs = KERNEL_CODE,
        .esp = (uint32_t)(other_stack + sizeof(other_stack)), .ss = KERNEL_DATA, .ds = KERNEL_DATA, .es = KERNEL_DATA,
        .fs = KERNEL_DATA, .gs = KERNEL_DATA, .io_map = sizeof(other) };
    set_segment(OTHER_TSS, (uint32_t)&other, sizeof(other) - 1, AVAILABLE, 0);
}

CODE(jump_task, "ljmp $0x40, $0")
CODE(call_task, "lcall $0x40, $0")
CODE(int_task, "int $0x90")
CODE(call_task_gate, "lcall $0x50, $0")

static void check_switch(const char *name, void (*code)(void), bool nested)
{
    prepare();
    check(name, (uint32_t)NO_TRAP, (uint32_t)probe(code));
    check("  registers from the tss: eax", 0xAAAA, seen.eax);
    check("  registers from the tss: ebx", 0xBBBB, seen.ebx);
    check("  nt", nested ? FLAG_NT : 0, seen.flags & FLAG_NT);
    check("  tr", OTHER_TSS, seen.task);
    check("  the new tss is busy", BUSY, seen.other_type);
    check("  the old tss", nested ? BUSY : AVAILABLE, seen.main_type);
    check("  link", nested ? MAIN_TSS : 0, seen.link);
    check("  cr0.ts is set", CR0_TS, seen.ts);
    check("  back: tr", MAIN_TSS, task_register());
    check("  back: our tss is busy", BUSY, type_of(MAIN_TSS));
    check("  back: the other is not", AVAILABLE, type_of(OTHER_TSS));
    check("  back: nt is clear", 0, read_flags() & FLAG_NT);
}

static void test_switches(void)
{
    check_switch("jmp to a tss", jump_task, false);
    check_switch("call of a tss, iret back", call_task, true);
    set_task_gate(0x90, OTHER_TSS, 0x85);
    check_switch("int through a task gate", int_task, true);
    gdt[0x50 / 8] = (uint64_t)OTHER_TSS << 16 | (uint64_t)0x85 << 40;
    check_switch("call of a task gate", call_task_gate, true);
}

static void back_to_main_task(void)
{
    set_segment(MAIN_TSS, (uint32_t)&main_area, sizeof(main_area) - 1, AVAILABLE, 0);
    __asm__ volatile("ltr %w0; clts" : : "r"(MAIN_TSS));
}

static void test_failing_switches(void)
{
    prepare();
    other.ds = 0x1FB;
    check("#TS for a bad ds in the new tss", TS, (uint32_t)probe(jump_task));
    check("  its error code", 0x1F8, caught.error_code);
    check("  it happens in the new task", OTHER_TSS, task_register());
    check("  whose first instruction is next", (uint32_t)other_entry, caught.eip);
    back_to_main_task();
    prepare();
    other.trap = 1;
    write_dr6(0);
    check("#DB by the tss's t flag", DB, (uint32_t)probe(jump_task));
    check("  dr6.bt", 0x8000, read_dr6() & 0xE00F);
    check("  before the first instruction", (uint32_t)other_entry, caught.eip);
    back_to_main_task();
    prepare();
    check("#GP ring 3 calls a tss of ring 0", GP, (uint32_t)probe_user(call_task, USER_STACK));
    check("  its error code", OTHER_TSS, caught.error_code);
}

// The address spaces differ in what lies in the second 4 MiB.
static uint32_t directories[2][1024] __attribute__((aligned(4096)));

static void test_address_space_of_failing_task(void)
{
    enum { MAPPED = 0x400000, ELSEWHERE = 0x800000, LARGE_PAGE = 0x83 };
    volatile uint32_t *mapped = (volatile uint32_t *)MAPPED;
    for (uint32_t i = 0; i < 1024; ++i)
        directories[0][i] = directories[1][i] = i << 22 | LARGE_PAGE;
    directories[1][MAPPED >> 22] = ELSEWHERE | LARGE_PAGE;
    *mapped = 1;
    *(volatile uint32_t *)ELSEWHERE = 2;
    write_cr3((uint32_t)directories[0]);
    write_cr4(CR4_PSE);
    write_cr0(read_cr0() | CR0_PG);
    check("the main task's address space", 1, *mapped);
    prepare();
    other.cr3 = (uint32_t)directories[1];
    other.ds = 0x1FB;
    check("#TS in a task with an address space of its own", TS, (uint32_t)probe(jump_task));
    check("  cr3", (uint32_t)directories[1], read_cr3());
    check("  its address space", 2, *mapped);
    write_cr0(read_cr0() & ~CR0_PG);
    write_cr4(0);
    back_to_main_task();
}

CODE(nested_return_nowhere, "pushfl; orl $0x4000, (%esp); popfl; iret")
CODE(load_local, "movl $0x0C, %eax; movw %ax, %gs; movl %gs:0, %eax")

static void test_link_and_ldt(void)
{
    main_task.link = KERNEL_DATA;
    check("#TS iret with nt and a bad link", TS, (uint32_t)probe(nested_return_nowhere));
    check("  its error code", KERNEL_DATA, caught.error_code);
    static const uint32_t value = 0x600DCAFE;
    uint32_t base = (uint32_t)&value;
    ldt[1] = gdt[KERNEL_DATA / 8] | (uint64_t)(base & 0xFFFFFF) << 16 | (uint64_t)(base >> 24) << 56;
    set_segment(LDT, (uint32_t)ldt, sizeof(ldt) - 1, 0x82, 0);
    __asm__ volatile("lldt %w0" : : "r"(LDT));
    uint32_t loaded;
    check("selector of the ldt", (uint32_t)NO_TRAP, (uint32_t)probe(load_local));
    __asm__ volatile("movl $0xC, %%eax; movw %%ax, %%gs; movl %%gs:0, %0; movl $0x10, %%eax; movw %%ax, %%gs" : "=r"(loaded) : : "eax");
    check("  its base counts", value, loaded);
    __asm__ volatile("lldt %w0" : : "r"(0));
    check("#GP once the ldt is gone", GP, (uint32_t)probe(load_local));
    check("  its error code", 0x0C, caught.error_code);
}

// --- virtual-8086 mode ----------------------------------------------------------------------------------------------

enum { V86_CODE = 0x7000, V86_STACK = 0x6000, V86_DATA = 0x5000 };

static int in_v86(const char *code, size_t size)
{
    volatile uint8_t *target = (volatile uint8_t *)(V86_CODE);
    for (size_t i = 0; i < size; ++i)
        target[i] = (uint8_t)code[i];
    return probe_v86(V86_CODE >> 4, 0, V86_STACK >> 4, 0x100, V86_DATA >> 4);
}
#define IN_V86(bytes) in_v86(bytes, sizeof(bytes) - 1)

static bool continue_once(struct trap *trap)
{
    if (trap->vector != 0x90)
        return false;
    trap->ecx = trap->eflags & FLAG_VM ? 0x5678 : 0;
    return true;
}

static void test_v86(void)
{
    set_gate(0x90, trap_entries[0x90], 0xEE);
    user_flags = 2;
    check("int in v86 with iopl 0", GP, (uint32_t)IN_V86("\xB8\x34\x12\xCD\x80"));
    check("  error code 0", 0, caught.error_code);
    check("  from vm", FLAG_VM, caught.eflags & FLAG_VM);
    check("  cs is a real-mode segment", V86_CODE >> 4, caught.cs);
    check("  ip at the int", 3, caught.eip);
    check("  ss", V86_STACK >> 4, caught.ss);
    check("  sp", 0x100, caught.esp);
    check("  ds pushed", V86_DATA >> 4, caught.vm_ds);
    check("  gs pushed", V86_DATA >> 4, caught.vm_gs);
    check("  ds is null in the handler", 0, caught.ds & 0xFFFF);
    check("  ax", 0x1234, caught.eax & 0xFFFF);
    check("#GP cli with iopl 0", GP, (uint32_t)IN_V86("\xFA"));
    check("#GP pushf with iopl 0", GP, (uint32_t)IN_V86("\x9C"));
    check("#GP hlt", GP, (uint32_t)IN_V86("\xF4"));
    check("#UD lldt", UD, (uint32_t)IN_V86("\x0F\x00\xD0"));
    check("#UD ud2", UD, (uint32_t)IN_V86("\x0F\x0B"));
    check("int3 with iopl 0", BP, (uint32_t)IN_V86("\xCC"));
    user_flags = 2 | FLAG_IOPL;
    check("int in v86 with iopl 3", 0x80, (uint32_t)IN_V86("\xB8\x34\x12\xCD\x80"));
    check("  ip behind the int", 5, caught.eip);
    check("#GP int of a gate for ring 0", GP, (uint32_t)IN_V86("\xCD\x81"));
    check("  its error code", 0x81 * 8 + 2, caught.error_code);
    *(volatile uint16_t *)(V86_DATA + 0x10) = 0xBEEF;
    check("16-bit addresses", 0x80, (uint32_t)IN_V86("\xA1\x10\x00\xC7\x06\x12\x00\x11\x22\xCD\x80")); // ax = [10]; [12] = 2211
    check("  read", 0xBEEF, caught.eax & 0xFFFF);
    check("  written", 0x2211, *(volatile uint16_t *)(V86_DATA + 0x12));
    on_trap = continue_once;
    check("int, and iret back to v86", 0x80, (uint32_t)IN_V86("\xCD\x90\x89\xC8\xCD\x80"));
    check("  with what the handler gave", 0x5678, caught.eax & 0xFFFF);
    on_trap = NULL;
    check("cli, pushf with iopl 3", 0x80, (uint32_t)IN_V86("\xFA\x9C\x58\xCD\x80"));
}

// All operands are in V86_DATA.
static void test_v86_floating(void)
{
    volatile uint16_t *words = (volatile uint16_t *)V86_DATA;
    words[0x10] = 40;
    words[0x11] = 2;
    words[0x12] = 0;
    write_cr4(read_cr4() | CR4_OSFXSR);
    check("x87 in v86", 0x80, (uint32_t)IN_V86("\xDB\xE3\xDF\x06\x20\x00\xDE\x06\x22\x00\xDF\x1E\x24\x00\xCD\x80")); // fild, fiadd, fistp
    check("  computes", 42, words[0x12]);
    check("fnstsw ax in v86", 0x80, (uint32_t)IN_V86("\xD9\xE8\xDF\xE0\xCD\x80"));
    check("  shows the top of the stack", 0x3800, caught.eax & 0x3800);
    check("sse in v86", 0x80, (uint32_t)IN_V86("\x0F\x10\x0E\x20\x00\x66\x0F\xFE\xC9\x66\x0F\x7E\xCB\x0F\x11\x0E\x30\x00\xCD\x80"));
    check("  to a register", 2u * 2 << 16 | 2 * 40, caught.ebx);
    check("  to memory", 2 * 42, words[0x1A]);
    check("mmx in v86", 0x80, (uint32_t)IN_V86("\x0F\x6F\x06\x20\x00\x0F\xFD\xC0\x0F\x7E\xC1\x0F\x77\xCD\x80"));
    check("  to a register", 2u * 2 << 16 | 2 * 40, caught.ecx);
    int misaligned = IN_V86("\x0F\x28\x06\x22\x00\xCD\x80");
    check_or_deviate("movaps of a misaligned operand in v86", GP, (uint32_t)misaligned);
    write_cr0(read_cr0() | CR0_TS);
    check("#NM in v86", NM, (uint32_t)IN_V86("\xDB\xE3"));
    check("#NM of sse in v86", NM, (uint32_t)IN_V86("\x0F\x28\xC1"));
    write_cr0(read_cr0() & ~(uint32_t)CR0_TS);
    write_cr4(read_cr4() & ~(uint32_t)CR4_OSFXSR);
    check("#UD of sse without osfxsr in v86", UD, (uint32_t)IN_V86("\x0F\x28\xC1"));
    write_cr0(read_cr0() | CR0_NE);
    check("#MF in v86", MF, (uint32_t)IN_V86("\xDB\xE3\xD9\x2E\x26\x00\xD9\xEE\xDC\xF8\x9B")); // fldcw 0, fdiv 0 by 0
    check("  at the instruction after it", 10, caught.eip);
    __asm__ volatile("fninit");
}

// --- real-address mode ----------------------------------------------------------------------------------------------

// Runs at V86_CODE, in a 16-bit segment: into real-address mode, where CS and SS become null selectors, and back.
enum { REAL_CODE = 0x1F0 };
__asm__(".pushsection .rodata\n"
        ".code16\n"
        "real_begin: movl %cr0, %eax; andb $0xFE, %al; movl %eax, %cr0\n"
        "ljmp $0, $(0x7000 + 1f - real_begin)\n"
        "1: xorw %ax, %ax; movw %ax, %ds; movw %ax, %ss\n"
        "fninit; filds 0x5020; fiadds 0x5022; fistps 0x5024\n"
        "movups 0x5020, %xmm1; paddd %xmm1, %xmm1; movups %xmm1, 0x5030\n"
        "fnstenv 0x5040\n"
        "movl %cr0, %eax; orb $1, %al; movl %eax, %cr0\n"
        "movw %ss, 0x5026; fildl 0x5020; fistpl 0x5028\n" // still as real-address mode has left it
        "ljmpl $8, $real_back\n"
        "real_end:\n"
        ".code32\n"
        ".popsection\n");
extern const uint8_t real_begin[], real_end[];
__attribute__((used)) static uint32_t saved_stack;
CODE(visit_real_mode,
    "pushal; pushfl; cli; movl %esp, saved_stack; ljmp $0x1F0, $0x7000;"
    "real_back: movw $0x10, %ax; movw %ax, %ds; movw %ax, %ss; movl saved_stack, %esp; popfl; popal")

static void test_real_mode(void)
{
    volatile uint16_t *words = (volatile uint16_t *)V86_DATA;
    for (int i = 0; real_begin + i < real_end; ++i)
        ((volatile uint8_t *)V86_CODE)[i] = real_begin[i];
    for (int i = 0x10; i < 0x30; ++i)
        words[i] = 0;
    words[0x10] = 40;
    words[0x11] = 2;
    words[0x13] = 0xFFFF;
    set_segment(REAL_CODE, 0, 0xFFFF, 0x9A, 0);
    write_cr4(read_cr4() | CR4_OSFXSR);
    check("into real-address mode and back", NO_TRAP, (uint32_t)probe(visit_real_mode));
    check("  x87 has computed", 42, words[0x12]);
    check("  sse has computed", 80, words[0x18]);
    check("  the environment", 0x37F, words[0x20]);
    check("  ss is null in protected mode", 0, words[0x13]);
    check("  where x87 has computed too", 40 | 2 << 16, words[0x14] | (uint32_t)words[0x15] << 16);
}

static void test_v86_ports(void)
{
    set_segment(MAIN_TSS, (uint32_t)&main_area, sizeof(main_area) - 1, AVAILABLE, 0);
    for (size_t i = 0; i < sizeof(main_area.io_bitmap); ++i)
        main_area.io_bitmap[i] = 0xFF;
    main_area.io_bitmap[0x80 / 8] = 0xFE;
    __asm__ volatile("ltr %w0" : : "r"(MAIN_TSS));
    user_flags = 2 | FLAG_IOPL;
    check("v86: port allowed by the bitmap", 0x80, (uint32_t)IN_V86("\xE6\x80\xCD\x80"));
    check("v86: #GP port denied, even with iopl 3", GP, (uint32_t)IN_V86("\xE6\x81\xCD\x80"));
    user_flags = 2;
}

// An allowed port, then one that is denied: the engine looks at both, and the flags change their form in between.
__attribute__((used)) uint32_t negative = 0x80000302;
CODE(flags_between_ports, "stc; cmc; outb %al, $0x80; sbbl $0, negative; lahf; outb %al, $0x81")

static void test_flags_between_ports(void)
{
    check("#GP behind an allowed port, sbb and lahf", GP, (uint32_t)probe_user(flags_between_ports, USER_STACK));
    check("  the flags are those of sbb", 0x80, caught.eflags & 0x8D5);
}

void kernel_main(uint32_t magic, uint32_t information)
{
    (void)magic;
    (void)information;
    __asm__ volatile("lldt %w0" : : "r"(0));
    back_to_main_task();
    test_switches();
    test_failing_switches();
    test_address_space_of_failing_task();
    test_link_and_ldt();
    test_v86();
    test_v86_floating();
    test_real_mode();
    test_v86_ports();
    test_flags_between_ports();
}
