// What random_code.c needs of the platform that it runs on (bare/, paravirt/).
#ifndef ESCAPE_RANDOM_PLATFORM_H
#define ESCAPE_RANDOM_PLATFORM_H

#include <stdint.h>

enum { TIMER_VECTOR = 0x20 };

// Of a frame that returns to ring 0.
extern const uint32_t code_selector, data_selector;

char get(void); // the next character typed
// A trap with TIMER_VECTOR every millisecond from now on, when interrupts are on; to be acknowledged each time.
void start_timer(void);
void acknowledge_timer(void);
// An address where the monitor may be met, for a random number.
uint32_t door(uint32_t random);

#endif
