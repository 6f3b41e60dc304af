// CMOVcc, SETcc and Jcc: the low four bits of the opcode are the condition.
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

namespace {

bool condition_met(const Execution& e)
{
    return arithmetic::condition(e.instruction.info.opcode & 0xF, e.state.eflags);
}

}

// The source is read, and may fault, even if the condition is not met (SDM 2A "CMOVcc").
MaybeFault execute_cmov(Execution& e)
{
    uint32_t value = 0;
    if (auto fault = e.read(1, value))
        return fault;
    return condition_met(e) ? e.write(0, value) : MaybeFault {};
}

MaybeFault execute_set(Execution& e)
{
    return e.write(0, condition_met(e));
}

MaybeFault execute_jump_if(Execution& e)
{
    return condition_met(e) ? execute_jmp(e) : MaybeFault {};
}

}
