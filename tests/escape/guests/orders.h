/*
 * What the test tells an attacking guest: which attack, and all that an attacker could wish to know. It is typed at the
 * guest's serial console in hexadecimal digits, ended by a newline, once the guest has said "ready".
 */
#ifndef ESCAPE_ORDERS_H
#define ESCAPE_ORDERS_H

#include <stdint.h>

enum attack {
#define ESCAPE_ATTACK(identifier, where, proof, name) ATTACK_##identifier,
#include "attacks.inc"
#undef ESCAPE_ATTACK
    ATTACK_COUNT
};

/* The payload's code is linked for this address, in the guest and in the test's own unconfined process alike. */
#define PAYLOAD_ADDRESS 0x400000
#define PAYLOAD_STACK 0x600000 /* its end */
#define PAYLOAD_ESCAPED 0x0E5CA9ED /* an answer: it got what nobody may get */

#define ORDERS_REGIONS 4

struct region {
    uint64_t address;
    uint64_t bytes;
};

struct orders {
    uint32_t attack;
    uint32_t random;         /* a seed, not 0 */
    uint32_t victim;         /* processes */
    uint32_t session;
    uint32_t neighbor;
    uint32_t port;           /* TCP, of 127.0.0.1 */
    uint64_t session_memory; /* where in the session's process 64 bytes must not change */
    struct region shared[ORDERS_REGIONS]; /* where the worker has what it shares with the session */
    struct region program[ORDERS_REGIONS]; /* some of the worker's own memory */
    char directory[64];      /* paths: one in which nothing may appear or change, */
    char canary[64];         /* a file that must stay as it is, */
    char planted[64];        /* and one that must not come to be */
};

#endif
