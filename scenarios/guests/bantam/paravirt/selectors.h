/* The selectors that the monitor gives its guest. They are real: loading them does not trap. */
#pragma once

#include "core/paravirt_abi.h"

#define KERNEL_CODE PV_KERNEL_CS
#define KERNEL_DATA PV_KERNEL_DS
#define USER_CODE PV_USER_CS
#define USER_DATA PV_USER_DS

/* There are none; what `holes` finds there is the monitor's answer. */
#define TASK_SEGMENT 0x50
#define CALL_GATE 0x5B
