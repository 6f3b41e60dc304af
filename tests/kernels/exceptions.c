// Every exception that a kernel without paging can meet, and what happens when delivering one fails.
#include "runtime.h"

// Runs `code` and checks that it traps with `vector` at `offset` bytes into itself.
static void expect(const char *name, void (*code)(void), int vector, uint32_t offset)
{
    int got = probe(code);
    check(name, (uint32_t)vector, (uint32_t)got);
    if (got != NO_TRAP)
        check("  its eip", offset, caught.eip - (uint32_t)code);
}

static void expect_code(const char *name, void (*code)(void), int vector, uint32_t error_code)
{
    check(name, (uint32_t)vector, (uint32_t)probe(code));
    check("  its error code", error_code, caught.error_code);
    check("  its eip is the instruction's", true, caught.eip >= (uint32_t)code && caught.eip < (uint32_t)code + 16);
}

// --- #DE, #BP, #OF, #BR: SDM 3A §6.15 -------------------------------------------------------------------------------

CODE(divide_by_zero, "xorl %ecx, %ecx; divl %ecx")
CODE(divide_overflow, "movl $0x80000000, %eax; cltd; movl $-1, %ecx; idivl %ecx")
CODE(aam_zero, ".byte 0xD4, 0")
CODE(breakpoint, "int3")
CODE(long_breakpoint, ".byte 0xCD, 3") // an assembler would shorten it
CODE(overflow, "movb $0x7F, %al; incb %al; into")
CODE(no_overflow, "xorl %eax, %eax; into")
const int32_t bounds[2] = { -5, 5 };
CODE(bound_inside, "movl $5, %eax; bound %eax, bounds")
CODE(bound_outside, "movl $6, %eax; bound %eax, bounds")
CODE(system_call, "int $0x80")

static void test_simple_exceptions(void)
{
    expect("#DE by div", divide_by_zero, DE, 2);
    expect("#DE by idiv overflow", divide_overflow, DE, 11);
    expect("#DE by aam 0", aam_zero, DE, 0);
    expect("#BP returns behind int3", breakpoint, BP, 1);
    expect("int 3 in two bytes", long_breakpoint, BP, 2);
    expect("#OF returns behind into", overflow, OF, 5);
    expect("into without OF", no_overflow, NO_TRAP, 0);
    expect("bound within", bound_inside, NO_TRAP, 0);
    expect("#BR is a fault", bound_outside, BR, 5);
    expect("int 0x80", system_call, 0x80, 2);
}

// --- #UD ------------------------------------------------------------------------------------------------------------

CODE(ud2, "ud2")
CODE(ud1, ".byte 0x0F, 0xB9, 0xC0")
CODE(call_far_register, ".byte 0xFF, 0xD8")
CODE(jump_far_register, ".byte 0xFF, 0xE8")
CODE(group_5_slot_7, ".byte 0xFF, 0xFF")
CODE(lock_compare, ".byte 0xF0, 0x39, 0x01")
CODE(lock_register_add, ".byte 0xF0, 0x01, 0xC0")
CODE(lock_nop, ".byte 0xF0, 0x90")
CODE(move_to_cs, ".byte 0x8E, 0xC8")
CODE(les_register, ".byte 0xC4, 0xC0")
CODE(bound_register, ".byte 0x62, 0xC0")
CODE(read_cr1, ".byte 0x0F, 0x20, 0xC8")
CODE(opcode_0f04, ".byte 0x0F, 0x04")
CODE(opcode_0f0a, ".byte 0x0F, 0x0A")
CODE(opcode_0f24, ".byte 0x0F, 0x24, 0xC0")
CODE(opcode_0fff, ".byte 0x0F, 0xFF, 0xC0")
CODE(rsm, ".byte 0x0F, 0xAA")
CODE(group_4_slot_2, ".byte 0xFE, 0xD0")
CODE(group_8_slot_0, ".byte 0x0F, 0xBA, 0xC0, 1")
CODE(lock_increment, "lock incl (%esp); decl (%esp)")

static void test_undefined_opcodes(void)
{
    static const struct {
        const char *name;
        void (*code)(void);
    } tests[] = {
        { "#UD ud2", ud2 }, { "#UD ud1", ud1 }, { "#UD FF D8", call_far_register }, { "#UD FF E8", jump_far_register },
        { "#UD FF FF", group_5_slot_7 }, { "#UD lock cmp", lock_compare }, { "#UD lock add to a register", lock_register_add },
        { "#UD lock nop", lock_nop }, { "#UD mov to cs", move_to_cs }, { "#UD les from a register", les_register },
        { "#UD bound of a register", bound_register }, { "#UD mov from cr1", read_cr1 }, { "#UD 0F 04", opcode_0f04 },
        { "#UD 0F 0A", opcode_0f0a }, { "#UD 0F 24", opcode_0f24 }, { "#UD 0F FF", opcode_0fff }, { "#UD rsm", rsm },
        { "#UD FE /2", group_4_slot_2 }, { "#UD 0F BA /0", group_8_slot_0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(tests); ++i)
        expect(tests[i].name, tests[i].code, UD, 0);
    expect("lock inc", lock_increment, NO_TRAP, 0);
}

// --- #DB: SDM 3B §17.3.1.4 ------------------------------------------------------------------------------------------

CODE(step, "pushfl; orl $0x100, (%esp); popfl; nop; nop")
CODE(int1, ".byte 0xF1")
CODE(step_into_int3, "pushfl; orl $0x100, (%esp); popfl; int3; nop")
CODE(step_over_divide, "xorl %ecx, %ecx; pushfl; orl $0x100, (%esp); popfl; divl %ecx")
CODE(step_over_repeat, "movl $3, %ecx; leal -64(%esp), %edi; pushfl; orl $0x100, (%esp); popfl; rep stosb; nop")
CODE(step_over_rdtsc, "pushfl; orl $0x100, (%esp); popfl; rdtsc; nop; nop")
CODE(step_over_cpuid, "pushl %ebx; pushfl; orl $0x100, (%esp); popfl; cpuid; nop; nop")
CODE(step_over_in, "pushfl; orl $0x100, (%esp); popfl; inb $0x61, %al; nop; nop")
CODE(step_over_ss, "movw %ss, %ax; pushfl; orl $0x100, (%esp); popfl; movw %ax, %ss; nop; nop")

static unsigned steps;
static uint32_t step_places[16];

static bool count_steps(struct trap *trap)
{
    if (trap->vector != DB)
        return false;
    step_places[steps++ & 15] = trap->eip;
    if (steps >= 4)
        trap->eflags &= ~(uint32_t)FLAG_TF;
    return true;
}

static void expect_step(const char *name, void (*code)(void), uint32_t offset)
{
    write_dr6(0);
    expect(name, code, DB, offset);
    check("  dr6 says single step", 0x4000, read_dr6() & 0x600F);
    check("  tf is clear in the handler", 0, read_flags() & FLAG_TF);
}

static void test_single_step(void)
{
    expect_step("#DB after one nop", step, 10);
    expect_step("#DB after rdtsc", step_over_rdtsc, 11);
    expect_step("#DB after cpuid", step_over_cpuid, 12);
    expect_step("#DB after in", step_over_in, 11);
    expect_step("#DB after one iteration of rep", step_over_repeat, 18);
    check("  with ecx counted down", 2, caught.ecx);
    expect_step("mov ss puts #DB off by an instruction", step_over_ss, 15);
    expect("int1", int1, DB, 1);
    expect("int3 takes no step with it", step_into_int3, BP, 10);
    check("  but its frame has tf", FLAG_TF, caught.eflags & FLAG_TF);
    expect("a fault comes before its step", step_over_divide, DE, 11);
    on_trap = count_steps;
    probe(step);
    on_trap = NULL;
    check("stepping goes on after iret", 4, steps);
    check("  nop by nop", (uint32_t)step + 11, step_places[1]);
}

// --- #NM, #MF ---------------------------------------------------------------------------------------------------

CODE(fpu_operation, "fninit")
CODE(wait_operation, "fwait")
CODE(sse_operation, "xorps %xmm0, %xmm0")
CODE(x87_divide, "fninit; fldz; fld1; pushl $0x37B; fldcw (%esp); addl $4, %esp; fdivp; fwait")
CODE(x87_divide_no_wait, "fninit; fldz; fld1; pushl $0x37B; fldcw (%esp); addl $4, %esp; fdivp; fnop")

static void test_coprocessor(void)
{
    uint32_t cr0 = read_cr0();
    uint32_t cr4 = read_cr4();
    write_cr0(cr0 | CR0_TS);
    expect("#NM with ts", fpu_operation, NM, 0);
    expect("#NM of fwait with ts and mp", wait_operation, NM, 0);
    write_cr0((cr0 | CR0_TS) & ~(uint32_t)CR0_MP);
    expect("fwait with ts, without mp", wait_operation, NO_TRAP, 0);
    __asm__ volatile("clts");
    expect("after clts", fpu_operation, NO_TRAP, 0);
    write_cr0(cr0 | CR0_EM);
    expect("#NM with em", fpu_operation, NM, 0);
    write_cr4(cr4 | CR4_OSFXSR);
    expect("#UD of sse with em", sse_operation, UD, 0);
    write_cr0(cr0);
    write_cr4(cr4 & ~(uint32_t)CR4_OSFXSR);
    expect("#UD of sse without osfxsr", sse_operation, UD, 0);
    write_cr4(cr4 | CR4_OSFXSR | CR4_OSXMMEXCPT);
    expect("sse", sse_operation, NO_TRAP, 0);
    write_cr0(cr0 | CR0_TS);
    expect("#NM of sse with ts", sse_operation, NM, 0);
    write_cr0(cr0);
    expect("#MF at fwait", x87_divide, MF, 19);
    __asm__ volatile("fnclex");
    expect("#MF at the next x87 instruction", x87_divide_no_wait, MF, 19);
    __asm__ volatile("fninit");
    write_cr4(cr4);
}

// --- #GP, #NP, #SS by selectors: SDM 3A §6.13 -----------------------------------------------------------------------

enum { ABSENT_DATA = 0x40, ABSENT_CODE = 0x48, EXECUTE_ONLY = 0x50, READ_ONLY = 0x58, ABSENT_TSS = 0x60, SMALL_TSS = 0x68,
    OUTSIDE = 0x208, RING_3_CODE = 0x18 };

CODE(load_outside, "movl $0x20B, %eax; movw %ax, %ds")
CODE(load_local, "movl $0x0C, %eax; movw %ax, %es")
CODE(load_execute_only, "movl $0x50, %eax; movw %ax, %fs")
CODE(load_absent, "movl $0x40, %eax; movw %ax, %gs")
CODE(load_null, "xorl %eax, %eax; movw %ax, %gs")
CODE(load_null_rpl, "movl $3, %eax; movw %ax, %gs")
CODE(load_tss_as_data, "movl $0x28, %eax; movw %ax, %ds")
CODE(stack_null, "xorl %eax, %eax; movw %ax, %ss")
CODE(stack_absent, "movl $0x40, %eax; movw %ax, %ss")
CODE(stack_read_only, "movl $0x58, %eax; movw %ax, %ss")
CODE(stack_code, "movl $0x08, %eax; movw %ax, %ss")
CODE(stack_wrong_rpl, "movl $0x13, %eax; movw %ax, %ss")
CODE(pop_absent, "pushl $0x40; popl %ds")
CODE(lds_absent, "pushl $0x40; pushl $0; ldsl (%esp), %eax")
CODE(jump_null, "ljmp $0, $0")
CODE(jump_null_rpl, "ljmp $3, $0")
CODE(jump_data, "ljmp $0x10, $0")
CODE(jump_absent, "ljmp $0x48, $0")
CODE(jump_outside, "ljmp $0x208, $0")
CODE(jump_ring_3, "ljmp $0x18, $0")
CODE(call_absent, "lcall $0x48, $0")
CODE(return_null, "pushl $0; pushl $0; lret")
CODE(return_outward, "pushl $0x10; pushl $0; pushl $0x19; pushl $0; lret")
CODE(iret_data, "pushl $2; pushl $0x10; pushl $0; iret")
CODE(ltr_null, "xorl %eax, %eax; ltr %ax")
CODE(ltr_busy, "movl $0x28, %eax; ltr %ax")
CODE(ltr_data, "movl $0x10, %eax; ltr %ax")
CODE(ltr_absent, "movl $0x60, %eax; ltr %ax")
CODE(lldt_data, "movl $0x10, %eax; lldt %ax")
CODE(lldt_null, "xorl %eax, %eax; lldt %ax")
CODE(jump_small_tss, "ljmp $0x68, $0")
CODE(jump_busy_tss, "ljmp $0x28, $0")
CODE(jump_absent_tss, "ljmp $0x60, $0")

static void test_selectors(void)
{
    __asm__ volatile("lldt %w0" : : "r"(0));
    set_segment(ABSENT_DATA, 0, 0xFFFFF, 0x13, 0xC);
    set_segment(ABSENT_CODE, 0, 0xFFFFF, 0x1B, 0xC);
    set_segment(EXECUTE_ONLY, 0, 0xFFFFF, 0x99, 0xC);
    set_segment(READ_ONLY, 0, 0xFFFFF, 0x91, 0xC);
    set_segment(ABSENT_TSS, 0, 103, 0x09, 0);
    set_segment(SMALL_TSS, (uint32_t)&main_task, 100, 0x89, 0);
    expect_code("#GP selector outside the gdt", load_outside, GP, OUTSIDE);
    expect_code("#GP selector in the null ldt", load_local, GP, 0x0C);
    expect_code("#GP execute-only as data", load_execute_only, GP, EXECUTE_ONLY);
    expect_code("#GP tss as data", load_tss_as_data, GP, MAIN_TSS);
    expect_code("#NP data segment", load_absent, NP, ABSENT_DATA);
    expect("null into gs", load_null, NO_TRAP, 0);
    expect("null with rpl 3 into gs", load_null_rpl, NO_TRAP, 0);
    expect_code("#GP null into ss", stack_null, GP, 0);
    expect_code("#SS absent stack segment", stack_absent, SS, ABSENT_DATA);
    expect_code("#GP read-only stack", stack_read_only, GP, READ_ONLY);
    expect_code("#GP code as stack", stack_code, GP, KERNEL_CODE);
    expect_code("#GP stack with rpl 3 in ring 0", stack_wrong_rpl, GP, KERNEL_DATA);
    expect_code("#NP by pop ds", pop_absent, NP, ABSENT_DATA);
    expect_code("#NP by lds", lds_absent, NP, ABSENT_DATA);
    expect_code("#GP jump to null", jump_null, GP, 0);
    expect_code("#GP jump to null with rpl", jump_null_rpl, GP, 0);
    expect_code("#GP jump to data", jump_data, GP, KERNEL_DATA);
    expect_code("#NP jump", jump_absent, NP, ABSENT_CODE);
    expect_code("#GP jump outside the gdt", jump_outside, GP, OUTSIDE);
    expect_code("#GP jump to ring 3", jump_ring_3, GP, RING_3_CODE);
    expect_code("#NP call", call_absent, NP, ABSENT_CODE);
    expect_code("#GP return to null", return_null, GP, 0);
    expect_code("#GP return to code of another ring", return_outward, GP, RING_3_CODE);
    expect_code("#GP iret to data", iret_data, GP, KERNEL_DATA);
    expect_code("#GP ltr null", ltr_null, GP, 0);
    expect_code("#GP ltr of the busy tss", ltr_busy, GP, MAIN_TSS);
    expect_code("#GP ltr of data", ltr_data, GP, KERNEL_DATA);
    expect_code("#NP ltr", ltr_absent, NP, ABSENT_TSS);
    expect_code("#GP lldt of data", lldt_data, GP, KERNEL_DATA);
    expect("lldt null", lldt_null, NO_TRAP, 0);
    expect_code("#TS jump to a small tss", jump_small_tss, TS, SMALL_TSS);
    expect_code("#GP jump to the busy tss", jump_busy_tss, GP, MAIN_TSS);
    expect_code("#NP jump to an absent tss", jump_absent_tss, NP, ABSENT_TSS);
}

CODE(cr0_pg_without_pe, "movl %cr0, %eax; orl $0x80000000, %eax; andl $~1, %eax; movl %eax, %cr0")
CODE(cr0_nw_without_cd, "movl %cr0, %eax; orl $0x20000000, %eax; andl $~0x40000000, %eax; movl %eax, %cr0")
CODE(cr4_reserved, "movl %cr4, %eax; orl $0x80000000, %eax; movl %eax, %cr4")
CODE(msr_unknown_read, "movl $0x12345, %ecx; rdmsr")
CODE(msr_unknown_write, "movl $0x12345, %ecx; wrmsr")

static void test_general_protection(void)
{
    expect_code("#GP cr0.pg without pe", cr0_pg_without_pe, GP, 0);
    expect_code("#GP cr0.nw without cd", cr0_nw_without_cd, GP, 0);
    expect_code("#GP reserved bit of cr4", cr4_reserved, GP, 0);
    expect_code("#GP unknown msr read", msr_unknown_read, GP, 0);
    expect_code("#GP unknown msr written", msr_unknown_write, GP, 0);
}

// --- delivery that fails: SDM 3A §6.13, §6.15 "Interrupt 8" ---------------------------------------------------------

CODE(int_beyond, "int $0x90")
CODE(int_absent, "int $0x91")
CODE(int_data_gate, "int $0x92")
CODE(int_to_data, "int $0x93")

static uint8_t double_fault_stack[4096];
static struct task_segment double_fault_task;
static unsigned double_faults;
static uint32_t double_fault_code, double_fault_link, double_fault_eip;
enum { DOUBLE_FAULT_TSS = 0x70 };

// The task gate's task: notes what it sees and returns to a place where the probe ends.
static void on_double_fault(uint32_t error_code)
{
    ++double_faults;
    double_fault_code = error_code;
    double_fault_link = double_fault_task.link;
    double_fault_eip = main_task.eip;
}

CODE(after_double_fault, "int $0x80")
__attribute__((naked)) static void double_fault_entry(void)
{
    __asm__ volatile("1: call on_double_fault_trampoline; addl $4, %esp; iret; jmp 1b");
}
__attribute__((used)) void on_double_fault_trampoline(uint32_t error_code)
{
    on_double_fault(error_code);
    main_task.eip = (uint32_t)after_double_fault;
}

static void test_failing_delivery(void)
{
    load_idt(0x90 * 8 - 1);
    expect_code("#GP int beyond the idt", int_beyond, GP, 0x90 * 8 + 2);
    check("  its eip is the int's", (uint32_t)int_beyond, caught.eip);
    load_idt(0x7FF);
    uint64_t saved = idt[0x91];
    idt[0x91] &= ~((uint64_t)0x80 << 40);
    expect_code("#NP int through an absent gate", int_absent, NP, 0x91 * 8 + 2);
    idt[0x92] = gdt[KERNEL_DATA / 8];
    expect_code("#GP int through no gate", int_data_gate, GP, 0x92 * 8 + 2);
    idt[0x93] = (idt[0x93] & ~0xFFFF0000ull) | KERNEL_DATA << 16;
    expect_code("#GP int to a data segment", int_to_data, GP, KERNEL_DATA);
    idt[0x91] = saved;

    // An exception whose gate is missing: the EXT bit is set (SDM 3A §6.13).
    uint64_t ud_gate = idt[UD];
    idt[UD] &= ~((uint64_t)0x80 << 40);
    check("#NP while #UD is delivered", NP, (uint32_t)probe(ud2));
    check("  its error code has ext", UD * 8 + 3, caught.error_code);
    check("  its eip is ud2's", (uint32_t)ud2, caught.eip);
    idt[UD] = ud_gate;
    load_idt(MF * 8 - 1);
    check("#GP while #MF is delivered beyond the idt", GP, (uint32_t)probe(x87_divide));
    check("  its error code has ext", MF * 8 + 3, caught.error_code);
    load_idt(0x7FF);
    __asm__ volatile("fninit");
}

static void test_double_fault(void)
{
    uint64_t gp_gate = idt[GP];
    idt[GP] &= ~((uint64_t)0x80 << 40);
    check("#DF when #GP cannot be delivered", DF, (uint32_t)probe(load_outside));
    check("  its error code", 0, caught.error_code);
    idt[GP] = gp_gate;
    expect_code("the next #GP is a #GP", load_outside, GP, OUTSIDE);
    uint64_t de_gate = idt[DE];
    idt[DE] &= ~((uint64_t)0x80 << 40);
    check("#DF: #NP while #DE is delivered", DF, (uint32_t)probe(divide_by_zero));
    idt[DE] = de_gate;
    expect("the next #DE is a #DE", divide_by_zero, DE, 2);

    set_segment(DOUBLE_FAULT_TSS, (uint32_t)&double_fault_task, sizeof(double_fault_task) - 1, 0x89, 0);
    double_fault_task.eip = (uint32_t)double_fault_entry;
    double_fault_task.esp = (uint32_t)(double_fault_stack + sizeof(double_fault_stack));
    double_fault_task.eflags = 2;
    double_fault_task.cs = KERNEL_CODE;
    double_fault_task.ss = double_fault_task.ds = double_fault_task.es = KERNEL_DATA;
    set_task_gate(DF, DOUBLE_FAULT_TSS, 0x85);
    for (unsigned round = 1; round <= 2; ++round) {
        idt[GP] &= ~((uint64_t)0x80 << 40);
        int vector = probe(load_outside);
        idt[GP] = gp_gate;
        check("#DF through a task gate, and back by iret", 0x80, (uint32_t)vector);
        check("  the task ran", round, double_faults);
        check("  error code on its stack", 0, double_fault_code);
        check("  link to the task that faulted", MAIN_TSS, double_fault_link);
        check("  eip of the fault in that task's tss", (uint32_t)load_outside + 5, double_fault_eip);
        check("  its tss is no longer busy", 0x89, (uint32_t)(gdt[DOUBLE_FAULT_TSS / 8] >> 40) & 0xFF);
    }
    expect_code("the next #GP is a #GP", load_outside, GP, OUTSIDE);
    set_gate(DF, trap_entries[DF], 0x8E);
}

// No two faults in a row make a double fault unless the second comes while the first is delivered.
static void test_faults_in_a_row(void)
{
    static void (*const faults[])(void) = { load_outside, load_absent, divide_by_zero, stack_absent, ud2, load_outside };
    static const uint32_t vectors[] = { GP, NP, DE, SS, UD, GP };
    uint32_t wrong = 0;
    for (unsigned round = 0; round < 1000; ++round)
        wrong += (uint32_t)probe(faults[round % 6]) != vectors[round % 6];
    check("1000 faults in a row, each itself", 0, wrong);
}

static uint32_t inner_vectors[2];
static bool fault_in_handler(struct trap *trap)
{
    if (trap->vector != UD)
        return false;
    on_trap = NULL;
    inner_vectors[0] = (uint32_t)probe(load_outside);
    inner_vectors[1] = (uint32_t)probe(divide_by_zero);
    trap->eip += 2;
    return true;
}

static void test_fault_in_handler(void)
{
    on_trap = fault_in_handler;
    check("a handler that faults returns", (uint32_t)NO_TRAP, (uint32_t)probe(ud2));
    check("  #GP inside #UD's handler", GP, inner_vectors[0]);
    check("  #DE inside #UD's handler", DE, inner_vectors[1]);
}

void kernel_main(uint32_t magic, uint32_t information)
{
    (void)magic;
    (void)information;
    test_simple_exceptions();
    test_undefined_opcodes();
    test_single_step();
    test_coprocessor();
    test_selectors();
    test_general_protection();
    test_failing_delivery();
    test_double_fault();
    test_faults_in_a_row();
    test_fault_in_handler();
}
