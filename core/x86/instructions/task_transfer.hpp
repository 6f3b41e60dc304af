// A task switch made by an instruction. Internal to the instruction emulator.
#pragma once

#include "core/x86/instructions/execution.hpp"
#include "core/x86/task_switch.hpp"

namespace ringside {

// A fault may belong to the new task: the state is then that task's.
[[nodiscard]] MaybeFault transfer_to_task(Execution& execution, TaskSwitchCause cause, Selector tss);

}
