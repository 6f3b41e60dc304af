// What the attacking guest's parts share. Built on the test kernels' runtime (tests/kernels/runtime); as a guest that is
// ported to paravirtualization on a runtime of its own with the same names (paravirt/).
//
// The guest carries one attack out and says what came of it, in one line:
//
//   held: ...     the monitor did what a processor does, or refused
//   ESCAPED: ...  the guest got something that it must not get
//
// It may as well die: then the session says how.
#ifndef ESCAPE_H
#define ESCAPE_H

#include "orders.h"
#include "runtime.h"

extern struct orders orders;
extern uint64_t memory_bytes; // of RAM, from address 0 on

// What the platform's side of the guest does (bare/platform.c, paravirt/platform.c).
char get(void);           // the next character typed
void allow_sse(void);     // as an operating system tells the processor that it does
void visit_monitor(void); // into the monitor and back, by the ways that there are

// Two words and a number: "held: trap 0x0000000d".
void held(const char *what, uint32_t value);
void escaped(const char *what, uint32_t value);

// Runs the code and says "held: trap ..." if there was one; returns whether there was.
bool held_by_trap(void (*code)(void));

// Runs the payload in 64-bit mode by way of a far transfer; where that does not exist, the probe ends with a trap.
void enter_by_ljmp(void);
void enter_by_lcall(void);
void enter_by_retf(void);
void enter_by_iret(void);
extern uint32_t payload_answer[2]; // low half, high half; valid if payload_returned
extern uint32_t payload_returned;
void run_payload(void (*enter)(void));

#define ESCAPE_ATTACK_Guest32(identifier) void attack_##identifier(void);
#define ESCAPE_ATTACK_Bare32(identifier) void attack_##identifier(void);
#define ESCAPE_ATTACK_Paravirt32(identifier) void attack_##identifier(void);
#define ESCAPE_ATTACK_Worker64(identifier)
#define ESCAPE_ATTACK(identifier, where, proof, name) ESCAPE_ATTACK_##where(identifier)
#include "attacks.inc"
#undef ESCAPE_ATTACK
#undef ESCAPE_ATTACK_Guest32
#undef ESCAPE_ATTACK_Bare32
#undef ESCAPE_ATTACK_Paravirt32
#undef ESCAPE_ATTACK_Worker64

#endif
