// What the test kernels share: a console, checks with names, descriptor tables, and a way to let code run into a fault and
// go on behind it.
//
// A kernel is one `kernel_main` and one of the starts in runtime/start_*.S. It runs its checks and returns; the runtime
// then prints how many passed and ends the machine through the debug-exit port.
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// --- console and checks -------------------------------------------------------------------------------------------

void print(const char *text);
void print_hex(uint32_t value);

// Prints "ok NAME" or "FAILED NAME: expected E, got G".
void check(const char *name, uint32_t expected, uint32_t got);
void check_that(const char *name, bool holds);
// For what emulation is known not to do (docs/CAVEATS.md): "ok NAME" or "deviates NAME: ...", which is no failure.
void check_or_deviate(const char *name, uint32_t expected, uint32_t got);
// Prints the summary and ends the machine: debug-exit 0, or 1 when a check failed.
_Noreturn void finish(void);
// The same, but a kernel without failures halts for good.
_Noreturn void finish_by_halting(void);

void kernel_main(uint32_t magic, uint32_t information);

// --- the processor ------------------------------------------------------------------------------------------------

static inline void out8(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static inline void out16(uint16_t port, uint16_t value) { __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port)); }
static inline void out32(uint16_t port, uint32_t value) { __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }
static inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static inline uint64_t read_tsc(void)
{
    uint64_t value;
    __asm__ volatile("rdtsc" : "=A"(value));
    return value;
}
#define DEFINE_CONTROL_REGISTER(n)                                                                                      \
    static inline uint32_t read_cr##n(void)                                                                             \
    {                                                                                                                   \
        uint32_t value;                                                                                                 \
        __asm__ volatile("movl %%cr" #n ", %0" : "=r"(value));                                                          \
        return value;                                                                                                   \
    }                                                                                                                   \
    static inline void write_cr##n(uint32_t value) { __asm__ volatile("movl %0, %%cr" #n : : "r"(value) : "memory"); }
DEFINE_CONTROL_REGISTER(0)
DEFINE_CONTROL_REGISTER(2)
DEFINE_CONTROL_REGISTER(3)
DEFINE_CONTROL_REGISTER(4)
#define DEFINE_DEBUG_REGISTER(n)                                                                                        \
    static inline uint32_t read_dr##n(void)                                                                             \
    {                                                                                                                   \
        uint32_t value;                                                                                                 \
        __asm__ volatile("movl %%dr" #n ", %0" : "=r"(value));                                                          \
        return value;                                                                                                   \
    }                                                                                                                   \
    static inline void write_dr##n(uint32_t value) { __asm__ volatile("movl %0, %%dr" #n : : "r"(value) : "memory"); }
DEFINE_DEBUG_REGISTER(0)
DEFINE_DEBUG_REGISTER(1)
DEFINE_DEBUG_REGISTER(2)
DEFINE_DEBUG_REGISTER(3)
DEFINE_DEBUG_REGISTER(6)
DEFINE_DEBUG_REGISTER(7)

enum { CR0_MP = 1 << 1, CR0_EM = 1 << 2, CR0_TS = 1 << 3, CR0_NE = 1 << 5, CR0_WP = 1 << 16, CR0_AM = 1 << 18 };
#define CR0_PG 0x80000000u
enum { CR4_TSD = 1 << 2, CR4_PSE = 1 << 4, CR4_PAE = 1 << 5, CR4_PGE = 1 << 7, CR4_OSFXSR = 1 << 9, CR4_OSXMMEXCPT = 1 << 10 };
enum { FLAG_CF = 1, FLAG_ZF = 1 << 6, FLAG_TF = 1 << 8, FLAG_IF = 1 << 9, FLAG_DF = 1 << 10, FLAG_OF = 1 << 11,
    FLAG_IOPL = 3 << 12, FLAG_NT = 1 << 14, FLAG_RF = 1 << 16, FLAG_VM = 1 << 17, FLAG_AC = 1 << 18 };
enum { DE = 0, DB = 1, NMI = 2, BP = 3, OF = 4, BR = 5, UD = 6, NM = 7, DF = 8, TS = 10, NP = 11, SS = 12, GP = 13, PF = 14,
    MF = 16, AC = 17, XM = 19 };

static inline uint32_t read_flags(void)
{
    uint32_t value;
    __asm__ volatile("pushfl; popl %0" : "=r"(value));
    return value;
}

// --- descriptor tables --------------------------------------------------------------------------------------------

enum { KERNEL_CODE = 0x08, KERNEL_DATA = 0x10, USER_CODE = 0x18 | 3, USER_DATA = 0x20 | 3, MAIN_TSS = 0x28, FREE_SELECTOR = 0x30 };

struct task_segment {
    uint32_t link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags, eax, ecx, edx, ebx, esp, ebp, esi, edi;
    uint32_t es, cs, ss, ds, fs, gs, ldt;
    uint16_t trap, io_map;
};
// The current task, with room for an I/O bitmap of 4096 ports behind it; MAIN_TSS's limit leaves it out at first.
struct task_area {
    struct task_segment task;
    uint8_t io_bitmap[513];
};
extern struct task_area main_area;
#define main_task main_area.task

extern uint64_t gdt[64];
extern uint64_t idt[256];

// `access` is the descriptor's type byte with S, DPL and P; `flags` its upper nibble (8 granularity, 4 big).
void set_segment(uint16_t selector, uint32_t base, uint32_t limit, uint8_t access, uint8_t flags);
void set_call_gate(uint16_t selector, uint16_t code, void (*entry)(void), uint8_t access, uint8_t parameters);
// Access 0x8E: interrupt gate, 0x8F: trap gate; 0x60 more for use from ring 3.
void set_gate(uint8_t vector, void (*entry)(void), uint8_t access);
void set_task_gate(uint8_t vector, uint16_t tss, uint8_t access);
void load_idt(uint16_t limit); // 0x7FF is all of it
extern void (*const trap_entries[256])(void); // the runtime's own, where every vector points at first

// --- faults -------------------------------------------------------------------------------------------------------

struct trap {
    uint32_t gs, fs, es, ds, edi, esi, ebp, unused, ebx, edx, ecx, eax;
    uint32_t vector, error_code; // 0 for vectors that push none
    uint32_t eip, cs, eflags, esp, ss; // the last two only when the ring changed
    uint32_t vm_es, vm_ds, vm_fs, vm_gs; // only from virtual-8086 mode
};

// Asked first about every interrupt and exception; true: the interrupted code goes on with *trap as it is now.
extern bool (*on_trap)(struct trap *trap);

enum { NO_TRAP = -1 };
extern struct trap caught; // the trap that ended the last probe
extern uint32_t caught_address; // CR2 then
extern unsigned traps_taken; // since the start

// Runs `code` in ring 0 until it returns (NO_TRAP) or a trap comes that on_trap() does not settle (its vector).
int probe(void (*code)(void));
// The same in ring 3 on the stack that ends at `stack`; the code ends itself with INT 0x80. `user_flags` are its EFLAGS.
int probe_user(void (*code)(void), uint32_t stack);
// The same in virtual-8086 mode at cs:ip, with ss:sp as given and all other segments `data`.
int probe_v86(uint16_t cs, uint16_t ip, uint16_t ss, uint16_t sp, uint16_t data);
extern uint32_t user_flags;
extern uint8_t user_stack[8192];
#define USER_STACK ((uint32_t)(user_stack + sizeof(user_stack) - 16))

// A function of exactly these instructions (and a return).
#define CODE(name, text) __attribute__((naked, used)) static void name(void) { __asm__ volatile(text "\n\tret"); }

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
