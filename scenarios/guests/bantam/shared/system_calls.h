/*
 * The system calls: number in EAX, arguments in EBX and ECX, answer in EAX. They enter the kernel
 * by INT 0x80, or by the gate that it offers.
 * Numbers are spelled as macros because assembly uses them too.
 */
#pragma once

#define SYSTEM_CALL_VECTOR 0x80

#define CALL_EXIT 0         /* EBX status, 0 = it went well; does not return */
#define CALL_WRITE 1        /* EBX text, ECX length; answers the length, or BAD_CALL */
#define CALL_YIELD 2        /* lets the next process run; answers the process switches so far */
#define CALL_SLEEP 3        /* EBX timer ticks to sleep */
#define CALL_RING 4         /* answers the ring in the CS that the processor pushed at this entry */
#define CALL_BENCH 5        /* EBX 1 before the timed part, 0 after it */
#define CALL_ADD 6          /* answers EBX + ECX: the smallest useful system call */
#define CALL_HEAP_FAULTS 7  /* answers the heap pages given to this process so far */
#define CALL_HEAP_RELEASE 8 /* takes all heap pages back */
#define CALL_PREEMPTIONS 9  /* answers how often the least pre-empted process was pre-empted */
#define CALL_RESUME_AT 10   /* EBX address: the next exception continues there, see probes.h */
#define CALL_REPORT 11      /* EBX address of this process's struct probe_report */
#define CALL_DEBUG_WRITE 12 /* as CALL_WRITE, to port 0xE9 */

#define BAD_CALL 0xFFFFFFFF
