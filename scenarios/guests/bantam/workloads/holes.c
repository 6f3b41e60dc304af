/*
 * What the seventeen sensitive unprivileged instructions answer in ring 0 and in ring 3.
 *
 * The expected answers are those of a processor whose ring 0 really is ring 0. Under a classic
 * trap-and-emulate monitor the kernel runs in another ring than it believes; these instructions
 * do not fault there, so nobody corrects their answers, and the table shows which ones lie.
 */
#include "privileged.h"
#include "probes.h"
#include "schedule.h"
#include "segments.h"
#include "selectors.h"
#include "text.h"
#include "trap.h"
#include "trap_gates.h"
#include "workload.h"
#include "workloads.h"

#define CELL_SIZE 24
#define INTERRUPT_FLAG 0x200u

struct probe_report ring_3_report;

void resume_next_exception_at(uint32_t address)
{
    kernel_resume_at = address;
}

/* Behind the call gate: hands back CS in EBX, and returns to the ring it came from. */
static __attribute__((naked)) void behind_call_gate(void)
{
    __asm__ volatile("movl %cs, %ebx\n"
                     "lret");
}

static void format(char cell[CELL_SIZE], const char* pattern, ...)
{
    va_list arguments;
    va_start(arguments, pattern);
    text_format(cell, CELL_SIZE, pattern, arguments);
    va_end(arguments);
}

static const char* yes_no(bool condition)
{
    return condition ? "yes" : "no";
}

static void describe_sgdt(char cell[CELL_SIZE], uint32_t value)
{
    format(cell, "%s", yes_no(value == segments_gdt_address()));
}

static void describe_sidt(char cell[CELL_SIZE], uint32_t value)
{
    format(cell, "%s", yes_no(value == trap_gates_idt_address()));
}

static void describe_smsw(char cell[CELL_SIZE], uint32_t value)
{
    format(cell, "%s", yes_no(value == (read_cr0() & 0xFFFF)));
}

static void describe_str(char cell[CELL_SIZE], uint32_t value)
{
    format(cell, "%s", yes_no(value == TASK_SEGMENT));
}

static void describe_zero(char cell[CELL_SIZE], uint32_t value)
{
    format(cell, "%s", yes_no(value == 0));
}

static void describe_flags(char cell[CELL_SIZE], uint32_t value)
{
    format(cell, "IF %u, IOPL %u", (value & INTERRUPT_FLAG) != 0, (value >> 12) & 3);
}

static void describe_change(char cell[CELL_SIZE], uint32_t value)
{
    format(cell, "%s", yes_no((value & INTERRUPT_FLAG) != 0));
}

static void describe_pass(char cell[CELL_SIZE], uint32_t value)
{
    format(cell, "%s", yes_no(value == 1));
}

static void describe_both(char cell[CELL_SIZE], uint32_t value)
{
    format(cell, "%s, %s", yes_no((value & 1) != 0), yes_no((value & 0x100) != 0));
}

static void describe_ring(char cell[CELL_SIZE], uint32_t value)
{
    format(cell, "%u", value & 3);
}

static const struct row {
    enum probe probe;
    const char *number, *instruction, *question;
    void (*describe)(char cell[CELL_SIZE], uint32_t value);
    const char *in_ring_0, *in_ring_3;
} rows[] = {
    { PROBE_SGDT, "1", "SGDT", "is it the kernel's GDT?", describe_sgdt, "yes", "yes" },
    { PROBE_SIDT, "2", "SIDT", "is it the kernel's IDT?", describe_sidt, "yes", "yes" },
    { PROBE_SLDT, "3", "SLDT", "is there no LDT?", describe_zero, "yes", "yes" },
    { PROBE_SMSW, "4", "SMSW", "is it the kernel's CR0?", describe_smsw, "yes", "yes" },
    { PROBE_PUSHF, "5", "PUSHF", "which IF and IOPL?", describe_flags, "IF 0, IOPL 0", "IF 1, IOPL 0" },
    { PROBE_POPF, "6", "POPF", "does IF change when asked?", describe_change, "yes", "no" },
    { PROBE_LAR, "7", "LAR", "is the kernel's code visible?", describe_pass, "yes", "no" },
    { PROBE_LSL, "8", "LSL", "is the kernel's data visible?", describe_pass, "yes", "no" },
    { PROBE_VERR_VERW, "9", "VERR, VERW", "kernel's data: read? write?", describe_both, "yes, yes", "no, no" },
    { PROBE_POP, "10", "POP DS", "is the kernel's data loaded?", describe_pass, "yes", "#GP(0x00000010)" },
    { PROBE_PUSH, "11", "PUSH CS", "which ring is in it?", describe_ring, "0", "3" },
    { PROBE_CALL, "12", "CALL far", "is the kernel's code reached?", describe_pass, "yes", "#GP(0x00000008)" },
    { PROBE_CALL_GATE, "", "CALL gate", "which ring behind the gate?", describe_ring, "0", "0" },
    { PROBE_JMP, "13", "JMP far", "is the kernel's code reached?", describe_pass, "yes", "#GP(0x00000008)" },
    { PROBE_INT, "14", "INT n", "which ring does it come from?", describe_ring, "0", "3" },
    { PROBE_RET, "15", "RET far", "is the kernel's code reached?", describe_pass, "yes", "#GP(0x00000008)" },
    { PROBE_STR, "16", "STR", "is it the kernel's TSS?", describe_str, "yes", "yes" },
    { PROBE_MOV, "17", "MOV from SS", "which ring is in it?", describe_ring, "0", "3" },
};

static void describe(char cell[CELL_SIZE], const struct row* row, const struct probe_answer* answer)
{
    if (answer->vector == 0) {
        row->describe(cell, answer->value);
    } else if (answer->vector == VECTOR_BREAKPOINT) {
        row->describe(cell, answer->ring);
    } else if (answer->vector == VECTOR_GENERAL_PROTECTION) {
        format(cell, "#GP(%x)", answer->error_code);
    } else {
        format(cell, "vector %u", answer->vector);
    }
}

/* Prints the row; true when both answers are a real processor's. */
static bool print_row(const struct row* row, const struct probe_report* ring_0)
{
    char in_ring_0[CELL_SIZE];
    char in_ring_3[CELL_SIZE];
    describe(in_ring_0, row, &ring_0->answers[row->probe]);
    describe(in_ring_3, row, &ring_3_report.answers[row->probe]);
    const bool right = text_equal(in_ring_0, row->in_ring_0) && text_equal(in_ring_3, row->in_ring_3);
    print("%2s %-11s  %-29s  %-12s  %s%s\n", row->number, row->instruction, row->question, in_ring_0, in_ring_3,
        right ? "" : "  WRONG");
    return right;
}

bool run_holes(const char* arguments)
{
    (void)arguments;
    struct probe_report ring_0;
    set_call_gate(behind_call_gate);
    run_probes(&ring_0);
    create_process("holes");
    if (!run_processes()) {
        return false;
    }

    print("holes: the 17 sensitive unprivileged instructions (Robin & Irvine 2000)\n");
    print("   %-11s  %-29s  %-12s  %s\n", "instruction", "question", "in ring 0", "in ring 3");
    uint32_t wrong = 0;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wrong += !print_row(&rows[i], &ring_0);
    }
    print("holes: %u rows are not a real ring 0's and ring 3's: %s\n", wrong, wrong == 0 ? "ok" : "WRONG");
    return wrong == 0;
}
