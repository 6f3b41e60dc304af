#include "core/x86/instructions/task_transfer.hpp"

namespace ringside {

MaybeFault transfer_to_task(Execution& e, TaskSwitchCause cause, Selector tss)
{
    constexpr uint32_t dr6_task_switch = 1 << 15; // BT (SDM 3B §17.2.3)
    TaskSwitch change = switch_task(e.state, e.engine.memory(),
        { .cause = cause, .tss = tss, .return_eip = e.next_eip, .return_eflags = e.state.eflags });
    if (!change.committed)
        return change.fault;
    e.affects(effect::task | effect::segments | effect::interrupts | effect::debug_registers | effect::non_global_tlb);
    e.next_eip = e.state.eip;
    e.keeps_rf = true;
    if (change.fault)
        return change.fault;
    if (auto fault = e.check_branch_target(e.next_eip))
        return fault;
    if (change.debug_trap) {
        e.state.dr[6] |= dr6_task_switch;
        return fault_without_code(DB);
    }
    return {};
}

}
