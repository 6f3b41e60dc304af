// Hardware task switching (SDM 3A chapter 7): the state into the old TSS, the state out of the new one.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/descriptors.hpp"
#include "core/x86/fault.hpp"

#include <cstdint>

namespace ringside {

// What makes the switch; busy flags, NT and the link follow from it (SDM 3A table 7-2).
enum class TaskSwitchCause : uint8_t { Jump, Call, InterruptReturn, Gate };

struct TaskSwitchRequest {
    TaskSwitchCause cause = TaskSwitchCause::Jump;
    Selector tss {};            // of the new task; InterruptReturn: the link field of the old TSS
    uint32_t return_eip = 0;    // saved in the old TSS
    uint32_t return_eflags = 0; // saved in the old TSS; InterruptReturn clears NT in it
    uint32_t external = 0;      // for error codes: selector_error::external or 0
};

struct TaskSwitch {
    MaybeFault fault {};
    // False: `state` is unchanged and `fault` belongs to the old task. True together with a fault: the switch happened,
    // and the fault is raised in the new task before its first instruction (SDM 3A §7.3, step 13).
    bool committed = false;
    bool debug_trap = false; // T is set in the new TSS: #DB with DR6.BT is due (§7.2.1)
};

// The caller has checked the privilege of the gate or TSS descriptor against CPL and RPL. After a switch it pushes the
// error code, if the event has one, and checks the new EIP against the limit of CS.
TaskSwitch switch_task(CpuState& state, GuestMemory& memory, const TaskSwitchRequest& request);

}
