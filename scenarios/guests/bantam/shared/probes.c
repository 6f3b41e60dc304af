/*
 * The probes. Every instruction here is one that the rest of bantam avoids.
 */
#include "probes.h"

#include "selectors.h"

/*
 * Runs `body` so that an exception in it goes on behind it. The body leaves its result in EBX and
 * keeps EAX and ESI; it may use ECX, EDX and EDI and leave the stack pointer where it likes.
 */
#define PROBE(body)                                                                                                    \
    do {                                                                                                               \
        __asm__ volatile("pushl $9f\n"                                                                                 \
                         "call resume_next_exception_at\n"                                                             \
                         "movl %%esp, %%esi\n"                                                                         \
                         "xorl %%eax, %%eax\n"                                                                         \
                         "xorl %%ebx, %%ebx\n" body "\n"                                                               \
                         "9:\n"                                                                                        \
                         "movl %%esi, %%esp\n"                                                                         \
                         "addl $4, %%esp\n"                                                                            \
                         : "=a"(answer.vector), "=b"(answer.value), "=c"(answer.ring), "=d"(answer.error_code)         \
                         : [code] "i"(KERNEL_CODE), [data] "i"(KERNEL_DATA), [gate] "i"(CALL_GATE)                     \
                         : "esi", "edi", "memory", "cc");                                                              \
        resume_next_exception_at(0);                                                                                   \
        return answer;                                                                                                 \
    } while (0)

/* --- Descriptor table registers, CR0, task register: they show the kernel's values --- */

static struct probe_answer probe_sgdt(void)
{
    struct probe_answer answer;
    PROBE("subl $8, %%esp\n sgdt (%%esp)\n movl 2(%%esp), %%ebx");
}

static struct probe_answer probe_sidt(void)
{
    struct probe_answer answer;
    PROBE("subl $8, %%esp\n sidt (%%esp)\n movl 2(%%esp), %%ebx");
}

static struct probe_answer probe_sldt(void)
{
    struct probe_answer answer;
    PROBE("sldt %%bx");
}

static struct probe_answer probe_smsw(void)
{
    struct probe_answer answer;
    PROBE("smsw %%bx");
}

static struct probe_answer probe_str(void)
{
    struct probe_answer answer;
    PROBE("str %%bx");
}

/* --- EFLAGS: IF and IOPL --- */

static struct probe_answer probe_pushf(void)
{
    struct probe_answer answer;
    PROBE("pushfl\n popl %%ebx");
}

/* EBX: the change in EFLAGS after asking for the opposite IF. */
static struct probe_answer probe_popf(void)
{
    struct probe_answer answer;
    PROBE("pushfl\n popl %%edi\n"
          "movl %%edi, %%ecx\n xorl $0x200, %%ecx\n"
          "pushl %%ecx\n popfl\n"
          "pushfl\n popl %%ebx\n"
          "pushl %%edi\n popfl\n"
          "xorl %%edi, %%ebx");
}

/* --- Checks of a selector against the current ring. EBX: 1 when it passed --- */

static struct probe_answer probe_lar(void)
{
    struct probe_answer answer;
    PROBE("movl %[code], %%ecx\n larl %%ecx, %%edi\n setz %%bl");
}

static struct probe_answer probe_lsl(void)
{
    struct probe_answer answer;
    PROBE("movl %[data], %%ecx\n lsll %%ecx, %%edi\n setz %%bl");
}

/* EBX bit 0: readable, bit 8: writable. */
static struct probe_answer probe_verr_verw(void)
{
    struct probe_answer answer;
    PROBE("movl %[data], %%ecx\n verr %%cx\n setz %%bl\n verw %%cx\n setz %%bh");
}

/* --- Segment registers. EBX: the selector, or 1 when the load passed --- */

static struct probe_answer probe_pop(void)
{
    struct probe_answer answer;
    PROBE("pushl %[data]\n popl %%ds\n movl $1, %%ebx");
}

static struct probe_answer probe_push(void)
{
    struct probe_answer answer;
    PROBE("pushl %%cs\n popl %%ebx");
}

static struct probe_answer probe_mov(void)
{
    struct probe_answer answer;
    PROBE("movl %%ss, %%ebx");
}

/* --- Transfers to the kernel's code segment. EBX: 1 on arrival; by the gate, CS on arrival --- */

static struct probe_answer probe_call(void)
{
    struct probe_answer answer;
    PROBE("lcall %[code], $8f\n 8: movl $1, %%ebx");
}

static struct probe_answer probe_call_gate(void)
{
    struct probe_answer answer;
    PROBE("lcall %[gate], $0");
}

static struct probe_answer probe_jmp(void)
{
    struct probe_answer answer;
    PROBE("ljmp %[code], $8f\n 8: movl $1, %%ebx");
}

/* INT 3 in its two-byte form: the breakpoint exception answers by vector and ring. */
static struct probe_answer probe_int(void)
{
    struct probe_answer answer;
    PROBE(".byte 0xCD, 3");
}

static struct probe_answer probe_ret(void)
{
    struct probe_answer answer;
    PROBE("pushl %[code]\n pushl $8f\n lret\n 8: movl $1, %%ebx");
}

void run_probes(struct probe_report* report)
{
    static struct probe_answer (*const probes[PROBE_COUNT])(void) = {
        [PROBE_SGDT] = probe_sgdt,
        [PROBE_SIDT] = probe_sidt,
        [PROBE_SLDT] = probe_sldt,
        [PROBE_SMSW] = probe_smsw,
        [PROBE_PUSHF] = probe_pushf,
        [PROBE_POPF] = probe_popf,
        [PROBE_LAR] = probe_lar,
        [PROBE_LSL] = probe_lsl,
        [PROBE_VERR_VERW] = probe_verr_verw,
        [PROBE_POP] = probe_pop,
        [PROBE_PUSH] = probe_push,
        [PROBE_CALL] = probe_call,
        [PROBE_CALL_GATE] = probe_call_gate,
        [PROBE_JMP] = probe_jmp,
        [PROBE_INT] = probe_int,
        [PROBE_RET] = probe_ret,
        [PROBE_STR] = probe_str,
        [PROBE_MOV] = probe_mov,
    };
    for (uint32_t i = 0; i < PROBE_COUNT; i++) {
        report->answers[i] = probes[i]();
    }
}
