/*
 * The seventeen sensitive unprivileged instructions of x86, tried out.
 *
 * J. S. Robin and C. E. Irvine, "Analysis of the Intel Pentium's Ability to Support a Secure
 * Virtual Machine Monitor", USENIX Security 2000: instructions that show or change privileged
 * state and yet do not fault outside ring 0. The same code runs in ring 0 and in ring 3; the
 * workload `holes` sets the answers side by side.
 */
#pragma once

#include <stdint.h>

enum probe {
    PROBE_SGDT,
    PROBE_SIDT,
    PROBE_SLDT,
    PROBE_SMSW,
    PROBE_PUSHF,
    PROBE_POPF,
    PROBE_LAR,
    PROBE_LSL,
    PROBE_VERR_VERW,
    PROBE_POP,
    PROBE_PUSH,
    PROBE_CALL,
    PROBE_CALL_GATE,
    PROBE_JMP,
    PROBE_INT,
    PROBE_RET,
    PROBE_STR,
    PROBE_MOV,
    PROBE_COUNT
};

struct probe_answer {
    uint32_t vector;     /* of the exception; 0: none */
    uint32_t error_code; /* of the exception */
    uint32_t ring;       /* in the CS that the exception saved */
    uint32_t value;      /* what the instruction gave, see probes.c */
};

struct probe_report {
    struct probe_answer answers[PROBE_COUNT];
};

void run_probes(struct probe_report* report);

/* Each side provides this: the next exception goes on at `address`, as kernel/trap.h says. */
void resume_next_exception_at(uint32_t address);

/* In the kernel: what ring 3 has handed over by CALL_REPORT. */
extern struct probe_report ring_3_report;
