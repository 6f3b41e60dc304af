/*
 * The selectors of the GDT.
 *
 * They avoid those that a 64-bit Linux host gives to its own ring-3 programs (0x23, 0x2B, 0x33, 0x63-0x73, 0x7B): a
 * kernel that is run deprivileged under such a host faults when it loads one of these, which is what its monitor waits
 * for.
 */
#pragma once

#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_CODE 0x43
#define USER_DATA 0x4B
#define TASK_SEGMENT 0x50
#define CALL_GATE 0x5B
