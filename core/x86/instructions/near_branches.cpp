// Branches within the code segment. A 16-bit operand size cuts EIP to 16 bits (SDM 2A "JMP").
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

namespace {

bool is_far(const Execution& e)
{
    return e.instruction.info.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
}

uint32_t cut(const Execution& e, uint32_t target)
{
    return e.operand_bytes() == 2 ? target & 0xFFFF : target;
}

// Where a near JMP or CALL leads: relative to the next instruction, or the value of a register or of memory.
MaybeFault read_target(Execution& e, uint32_t& target)
{
    if (e.operand(0).type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
        target = cut(e, e.next_eip + e.immediate(0));
    else if (auto fault = e.read(0, target))
        return fault;
    return e.check_branch_target(target);
}

// ECX or CX, as the address size says.
uint32_t counter(const Execution& e)
{
    return e.state.gpr[Ecx] & address_mask(e.instruction);
}

MaybeFault loop_if(Execution& e, bool condition)
{
    uint32_t mask = address_mask(e.instruction);
    uint32_t left = (counter(e) - 1) & mask;
    if (left != 0 && condition) {
        if (auto fault = execute_jmp(e))
            return fault;
    }
    e.state.gpr[Ecx] = (e.state.gpr[Ecx] & ~mask) | left;
    return {};
}

}

MaybeFault execute_jmp(Execution& e)
{
    return is_far(e) ? execute_jmp_far(e) : read_target(e, e.next_eip);
}

MaybeFault execute_call(Execution& e)
{
    if (is_far(e))
        return execute_call_far(e);
    uint32_t target = 0;
    if (auto fault = read_target(e, target))
        return fault;
    if (auto fault = e.push(e.next_eip, e.operand_bytes()))
        return fault;
    e.next_eip = target;
    return {};
}

MaybeFault execute_ret(Execution& e)
{
    if (is_far(e))
        return execute_ret_far(e);
    uint32_t target = 0;
    if (auto fault = e.peek(0, e.operand_bytes(), target))
        return fault;
    if (auto fault = e.check_branch_target(target))
        return fault;
    bool releases = e.operand(0).type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
    e.release_stack(e.operand_bytes() + (releases ? e.immediate(0) : 0));
    e.next_eip = target;
    return {};
}

MaybeFault execute_jump_if_counter_zero(Execution& e)
{
    return counter(e) == 0 ? execute_jmp(e) : MaybeFault {};
}

MaybeFault execute_loop(Execution& e)
{
    return loop_if(e, true);
}

MaybeFault execute_loop_while_equal(Execution& e)
{
    return loop_if(e, e.state.eflags & eflags::zf);
}

MaybeFault execute_loop_while_unequal(Execution& e)
{
    return loop_if(e, !(e.state.eflags & eflags::zf));
}

}
