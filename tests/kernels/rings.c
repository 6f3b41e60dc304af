// Rings: into ring 3 and out of it in every way there is, and what ring 3 must not do (SDM 3A chapter 5, SDM 1 chapter 19).
#include "runtime.h"

static int in_user(void (*code)(void))
{
    return probe_user(code, USER_STACK);
}

static void expect_user(const char *name, void (*code)(void), int vector, uint32_t error_code)
{
    check(name, (uint32_t)vector, (uint32_t)in_user(code));
    check("  its error code", error_code, caught.error_code);
}

// --- INT and IRET ---------------------------------------------------------------------------------------------------

CODE(just_return, "movl $0x12345678, %eax; int $0x80")
CODE(divide, "xorl %ecx, %ecx; divl %ecx")
CODE(look_at_gs, "int $0x82; movw %gs, %ax; movzwl %ax, %eax; int $0x80")
CODE(undefined, "ud2")
CODE(breakpoint, "int3")
CODE(private_int, "int $0x81")
CODE(load_kernel_data, "movl $0x10, %eax; movw %ax, %ds")
CODE(load_kernel_stack, "movl $0x10, %eax; movw %ax, %ss")
CODE(jump_kernel, "ljmp $0x08, $0")

static bool give_kernel_gs(struct trap *trap)
{
    if (trap->vector == 0x82)
        trap->gs = KERNEL_DATA;
    return trap->vector == 0x82;
}

static void test_int_and_iret(void)
{
    user_flags = 2 | FLAG_CF | FLAG_IF;
    check("int 0x80 from ring 3", 0x80, (uint32_t)in_user(just_return));
    check("  cs of the caller", USER_CODE, caught.cs);
    check("  ss of the caller", USER_DATA, caught.ss);
    check("  esp of the caller", USER_STACK, caught.esp);
    check("  eip behind int", (uint32_t)just_return + 7, caught.eip);
    check("  flags of the caller", 2 | FLAG_CF | FLAG_IF, caught.eflags & 0xFFFF);
    check("  eax kept", 0x12345678, caught.eax);
    user_flags = 2;
    expect_user("#DE in ring 3", divide, DE, 0);
    check("  came from ring 3", USER_CODE, caught.cs);
    expect_user("#UD in ring 3", undefined, UD, 0);
    expect_user("#BP in ring 3", breakpoint, BP, 0);
    expect_user("#GP: int of a gate for ring 0", private_int, GP, 0x81 * 8 + 2);
    check("  its eip is the int's", (uint32_t)private_int, caught.eip);
    expect_user("#GP: kernel data in ds", load_kernel_data, GP, KERNEL_DATA);
    expect_user("#GP: kernel data in ss", load_kernel_stack, GP, KERNEL_DATA);
    expect_user("#GP: jump into the kernel's segment", jump_kernel, GP, KERNEL_CODE);
    set_gate(0x82, trap_entries[0x82], 0xEE);
    on_trap = give_kernel_gs;
    check("iret to ring 3", 0x80, (uint32_t)in_user(look_at_gs));
    check("  takes a kernel segment away", 0, caught.eax);
    on_trap = NULL;
}

// --- privileged instructions ----------------------------------------------------------------------------------------

CODE(do_hlt, "hlt")
CODE(do_clts, "clts")
CODE(do_lmsw, "xorl %eax, %eax; lmsw %ax")
CODE(do_read_cr0, "movl %cr0, %eax")
CODE(do_write_cr3, "xorl %eax, %eax; movl %eax, %cr3")
CODE(do_read_dr7, "movl %dr7, %eax")
CODE(do_write_dr0, "movl %eax, %dr0")
CODE(do_lgdt, "lgdt (%esp)")
CODE(do_lidt, "lidt (%esp)")
CODE(do_lldt, "xorl %eax, %eax; lldt %ax")
CODE(do_ltr, "movl $0x28, %eax; ltr %ax")
CODE(do_invlpg, "invlpg (%esp)")
CODE(do_invd, "invd")
CODE(do_wbinvd, "wbinvd")
CODE(do_rdmsr, "movl $0x1B, %ecx; rdmsr")
CODE(do_wrmsr, "movl $0x174, %ecx; wrmsr")
CODE(do_sysexit, "sysexit")
CODE(do_cli, "cli")
CODE(do_sti, "sti")
CODE(do_rdtsc, "rdtsc; int $0x80")
CODE(do_smsw, "smsw %ax; int $0x80")

static void test_privileged(void)
{
    static const struct {
        const char *name;
        void (*code)(void);
    } tests[] = { { "#GP hlt", do_hlt }, { "#GP clts", do_clts }, { "#GP lmsw", do_lmsw }, { "#GP mov from cr0", do_read_cr0 },
        { "#GP mov to cr3", do_write_cr3 }, { "#GP mov from dr7", do_read_dr7 }, { "#GP mov to dr0", do_write_dr0 },
        { "#GP lgdt", do_lgdt }, { "#GP lidt", do_lidt }, { "#GP lldt", do_lldt }, { "#GP ltr", do_ltr },
        { "#GP invlpg", do_invlpg }, { "#GP invd", do_invd }, { "#GP wbinvd", do_wbinvd }, { "#GP rdmsr", do_rdmsr },
        { "#GP wrmsr", do_wrmsr }, { "#GP sysexit", do_sysexit }, { "#GP cli", do_cli }, { "#GP sti", do_sti } };
    for (size_t i = 0; i < ARRAY_SIZE(tests); ++i)
        expect_user(tests[i].name, tests[i].code, GP, 0);
    check("rdtsc in ring 3", 0x80, (uint32_t)in_user(do_rdtsc));
    write_cr4(read_cr4() | CR4_TSD);
    expect_user("#GP rdtsc with cr4.tsd", do_rdtsc, GP, 0);
    check("rdtsc with cr4.tsd in ring 0", 0x80, (uint32_t)probe(do_rdtsc));
    write_cr4(read_cr4() & ~(uint32_t)CR4_TSD);
    check("smsw in ring 3", 0x80, (uint32_t)in_user(do_smsw));
    check("  tells cr0", read_cr0() & 0xFFFF, caught.eax & 0xFFFF);
}

// --- IOPL and IF: SDM 2B "POPF" -------------------------------------------------------------------------------------

CODE(pop_everything, "pushl $0x3202; popfl; pushfl; popl %eax; int $0x80")
CODE(pop_nothing, "pushl $2; popfl; pushfl; popl %eax; int $0x80")
CODE(cli_sti, "cli; pushfl; popl %eax; sti; pushfl; popl %ebx; int $0x80")

static uint32_t flags_after(uint32_t flags, void (*code)(void))
{
    user_flags = flags;
    int vector = in_user(code);
    user_flags = 2;
    return vector == 0x80 ? caught.eax & (FLAG_IF | FLAG_IOPL) : 0xFFFFFFFF;
}

static void test_flags(void)
{
    check("popf cannot set if and iopl", 0, flags_after(2, pop_everything));
    check("popf cannot clear if", FLAG_IF, flags_after(2 | FLAG_IF, pop_nothing));
    check("popf with iopl 3 sets if, not iopl", FLAG_IF | FLAG_IOPL, flags_after(2 | FLAG_IOPL, pop_everything));
    check("popf with iopl 3 clears if, not iopl", FLAG_IOPL, flags_after(2 | FLAG_IOPL | FLAG_IF, pop_nothing));
    check("popf with iopl 2 changes neither", 0x2000, flags_after(2 | 0x2000, pop_everything));
    check("cli with iopl 3", FLAG_IOPL, flags_after(2 | FLAG_IOPL | FLAG_IF, cli_sti));
    check("sti with iopl 3", FLAG_IF, caught.ebx & FLAG_IF);
}

// --- call gates, conforming code: SDM 3A §5.8 -----------------------------------------------------------------------

enum { GATE = 0x40, PRIVATE_GATE = 0x48, ABSENT_GATE = 0x50, CONFORMING = 0x58, PLAIN_GATE = 0x60 };

static uint32_t gate_saw[4];
__attribute__((used)) void note_gate(uint32_t first, uint32_t second, uint32_t cs, uint32_t caller_cs)
{
    gate_saw[0] = first;
    gate_saw[1] = second;
    gate_saw[2] = cs;
    gate_saw[3] = caller_cs;
}
__attribute__((naked)) static void gate_entry(void)
{
    __asm__ volatile("pushl %ds; pushl $0x10; popl %ds; pushl 8(%esp); movl %cs, %eax; pushl %eax; pushl 24(%esp); pushl 24(%esp);"
                     "call note_gate; addl $16, %esp; popl %ds; lretl $8");
}
CODE(call_gate, "pushl $0x2222; pushl $0x1111; lcall $0x43, $0; movl %cs, %eax; movl %esp, %ebx; int $0x80")
CODE(call_private_gate, "lcall $0x4B, $0")
CODE(call_absent_gate, "lcall $0x53, $0")
CODE(jump_gate, "ljmp $0x43, $0")
CODE(call_conforming, "lcall $0x58, $conforming_code; movl %cs, %ebx; int $0x80")
__attribute__((naked, used)) void conforming_code(void)
{
    __asm__ volatile("movl %cs, %eax; lret");
}

static void test_call_gates(void)
{
    set_call_gate(GATE, KERNEL_CODE, gate_entry, 0xEC, 2);
    set_call_gate(PRIVATE_GATE, KERNEL_CODE, gate_entry, 0x8C, 0);
    set_call_gate(ABSENT_GATE, KERNEL_CODE, gate_entry, 0x6C, 0);
    set_segment(CONFORMING, 0, 0xFFFFF, 0x9F, 0xC);
    check("call gate to ring 0 and back", 0x80, (uint32_t)in_user(call_gate));
    check("  first parameter", 0x1111, gate_saw[0]);
    check("  second parameter", 0x2222, gate_saw[1]);
    check("  cs inside", KERNEL_CODE, gate_saw[2]);
    check("  cs of the caller on the stack", USER_CODE, gate_saw[3]);
    check("  cs afterwards", USER_CODE, caught.eax);
    check("  parameters released", USER_STACK, caught.ebx);
    expect_user("#GP call gate for ring 0", call_private_gate, GP, PRIVATE_GATE);
    expect_user("#NP call gate", call_absent_gate, NP, ABSENT_GATE);
    expect_user("#GP jump through a gate to ring 0", jump_gate, GP, KERNEL_CODE);
    check("call of conforming code", 0x80, (uint32_t)in_user(call_conforming));
    check("  runs in ring 3", CONFORMING | 3, caught.eax);
    check("  returns to its caller", USER_CODE, caught.ebx);
}

// --- SYSENTER, SYSEXIT ----------------------------------------------------------------------------------------------

static uint8_t fast_stack[1024] __attribute__((aligned(16)));
static void write_msr(uint32_t index, uint32_t value)
{
    __asm__ volatile("wrmsr" : : "c"(index), "a"(value), "d"(0));
}

CODE(fast_call, "movl %esp, %ecx; movl $fast_return, %edx; sysenter\n.globl fast_return\nfast_return: movl %cs, %esi; movl %ss, %edi; int $0x80")
__attribute__((naked)) static void fast_entry(void)
{
    __asm__ volatile("movl %cs, %eax; movl %esp, %ebx; pushfl; popl %ebp; sysexit");
}

static void test_fast_calls(void)
{
    write_msr(0x174, 0);
    expect_user("#GP sysenter without a code segment", fast_call, GP, 0);
    write_msr(0x174, KERNEL_CODE);
    write_msr(0x175, (uint32_t)(fast_stack + sizeof(fast_stack)));
    write_msr(0x176, (uint32_t)fast_entry);
    user_flags = 2 | FLAG_IF;
    check("sysenter and sysexit", 0x80, (uint32_t)in_user(fast_call));
    user_flags = 2;
    check("  cs inside", KERNEL_CODE, caught.eax);
    check("  esp inside", (uint32_t)(fast_stack + sizeof(fast_stack)), caught.ebx);
    check("  interrupts off inside", 0, caught.ebp & FLAG_IF);
    check("  cs afterwards", USER_CODE, caught.esi);
    check("  ss afterwards", USER_DATA, caught.edi);
    check("  esp afterwards", USER_STACK, caught.esp);
}

// --- the I/O bitmap: SDM 1 §19.5.2 ----------------------------------------------------------------------------------

CODE(out_80, "xorl %eax, %eax; outb %al, $0x80; int $0x80")
CODE(in_80, "inb $0x80, %al; int $0x80")
CODE(out_81, "outb %al, $0x81; int $0x80")
CODE(out_word_80, "xorl %eax, %eax; outw %ax, $0x80; int $0x80")
CODE(out_word_83, "outw %ax, $0x83; int $0x80")
CODE(out_long_80, "xorl %eax, %eax; outl %eax, $0x80; int $0x80")
CODE(outs_80, "movl $0x80, %edx; movl %esp, %esi; outsb; int $0x80")
CODE(outs_81, "movl $0x81, %edx; movl %esp, %esi; outsb; int $0x80")
CODE(ins_80, "movl $0x80, %edx; leal -4(%esp), %edi; insb; int $0x80")
CODE(rep_outs, "movl $0x80, %edx; movl %esp, %esi; movl $3, %ecx; rep outsb; int $0x80")
CODE(rep_ins_denied, "movl $0x81, %edx; leal -16(%esp), %edi; movl $3, %ecx; rep insb; int $0x80")
CODE(out_fff, "movl $0xFFF, %edx; outb %al, %dx; int $0x80")
CODE(out_1000, "movl $0x1000, %edx; outb %al, %dx; int $0x80")

static void set_task_limit(uint32_t limit)
{
    set_segment(MAIN_TSS, (uint32_t)&main_area, limit, 0x89, 0);
    __asm__ volatile("ltr %w0" : : "r"(MAIN_TSS));
}

static void allow(unsigned port, bool allowed)
{
    uint8_t bit = (uint8_t)(1u << (port & 7));
    main_area.io_bitmap[port / 8] = (uint8_t)(allowed ? main_area.io_bitmap[port / 8] & ~bit : main_area.io_bitmap[port / 8] | bit);
}

static void expect_allowed(const char *name, void (*code)(void))
{
    check(name, 0x80, (uint32_t)in_user(code));
}

static void test_io_permission(void)
{
    expect_user("#GP out without a bitmap", out_80, GP, 0);
    for (size_t i = 0; i < sizeof(main_area.io_bitmap); ++i)
        main_area.io_bitmap[i] = 0xFF;
    set_task_limit(sizeof(main_area) - 1);
    expect_user("#GP out denied", out_80, GP, 0);
    check("  its eip is the out's", (uint32_t)out_80 + 2, caught.eip);
    allow(0x80, true);
    expect_allowed("out allowed", out_80);
    expect_allowed("in allowed", in_80);
    expect_allowed("outs allowed", outs_80);
    expect_allowed("ins allowed", ins_80);
    expect_allowed("rep outs allowed", rep_outs);
    check("  all three", 0, caught.ecx);
    expect_user("#GP the next port", out_81, GP, 0);
    expect_user("#GP outs denied", outs_81, GP, 0);
    expect_user("#GP rep ins denied", rep_ins_denied, GP, 0);
    check("  before the first", 3, caught.ecx);
    expect_user("#GP word with one port denied", out_word_80, GP, 0);
    allow(0x81, true);
    expect_allowed("word with both allowed", out_word_80);
    expect_user("#GP long with two ports denied", out_long_80, GP, 0);
    allow(0x82, true);
    expect_user("#GP long with one port denied", out_long_80, GP, 0);
    allow(0x83, true);
    expect_allowed("long with all allowed", out_long_80);
    allow(0x87, true);
    allow(0x88, true);
    expect_user("#GP word at the end of what is allowed", out_word_83, GP, 0);
    allow(0xFFF, true);
    expect_allowed("last port of the bitmap", out_fff);
    expect_user("#GP port beyond the tss limit", out_1000, GP, 0);
    set_task_limit((uint32_t)((uint8_t *)&main_area.io_bitmap[0x10] - (uint8_t *)&main_area));
    expect_user("#GP bitmap byte pair cut by the limit", out_80, GP, 0);
    set_task_limit(sizeof(main_area) - 1);
    allow(0x80, false);
    user_flags = 2 | FLAG_IOPL;
    expect_allowed("iopl 3 needs no bitmap", out_80);
    user_flags = 2;
    check("ring 0 needs no bitmap", 0x80, (uint32_t)probe(out_80));
}

// --- a 16-bit TSS gives the stack (SDM 3A §7.6) ---------------------------------------------------------------------

static uint16_t small_task[22] __attribute__((aligned(64)));

static void test_small_task(void)
{
    enum { SMALL_TSS = 0x68, TOP = 0x7000 };
    small_task[1] = TOP;
    small_task[2] = KERNEL_DATA;
    set_segment(SMALL_TSS, (uint32_t)small_task, sizeof(small_task) - 1, 0x81, 0);
    __asm__ volatile("ltr %w0" : : "r"(SMALL_TSS));
    check("int from ring 3 with a 16-bit tss", 0x80, (uint32_t)in_user(just_return));
    check("  pushed where it says", USER_DATA, *(volatile uint32_t *)(TOP - 4));
    check("  the caller's esp below", USER_STACK, *(volatile uint32_t *)(TOP - 8));
    set_task_limit(sizeof(struct task_segment) - 1);
}

void kernel_main(uint32_t magic, uint32_t information)
{
    (void)magic;
    (void)information;
    __asm__ volatile("lldt %w0" : : "r"(0));
    test_int_and_iret();
    test_privileged();
    test_flags();
    test_call_gates();
    test_fast_calls();
    test_io_permission();
    test_small_task();
}
