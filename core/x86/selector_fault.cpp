#include "core/x86/selector_fault.hpp"

#include "core/x86/far_transfer.hpp"
#include "core/x86/linear_memory.hpp"
#include "core/x86/operands.hpp"
#include "core/x86/segment_load.hpp"
#include "core/x86/segments.hpp"

#include <optional>

namespace ringside {

namespace {

// The instruction, and how it comes by its selectors.
struct Question {
    GuestMemory& memory;
    const CpuState& state;
    const Instruction& instruction;

    uint32_t item_bytes() const { return instruction.info.operand_width / 8u; }
    const ZydisDecodedOperand& operand(unsigned i) const { return instruction.operands[i]; }

    std::optional<uint32_t> read(SegmentRegister which, uint32_t offset, uint32_t length) const
    {
        uint32_t value = 0;
        auto target = std::as_writable_bytes(std::span { &value, 1 }).first(length);
        if (check_segment_access(state, which, offset, length, Access::Read))
            return {};
        Gla address = Gla { state.segment(which).base } + offset;
        if (LinearMemory(memory, state).read_bytes(address, target, privilege_of(state)))
            return {};
        return value;
    }

    // The i-th item from the top of the stack, with `skipped` bytes before it.
    std::optional<uint32_t> stack_item(unsigned i, uint32_t skipped = 0) const
    {
        return read(Ss, (state.gpr[Esp] + i * item_bytes() + skipped) & stack_mask(state.segment(Ss)), item_bytes());
    }
    Selector stack_selector(unsigned i, uint32_t skipped = 0) const
    {
        return Selector { static_cast<uint16_t>(stack_item(i, skipped).value_or(0)) };
    }

    // The selector of a far pointer: written into the instruction, or in memory behind the offset.
    std::optional<Selector> far_selector(const ZydisDecodedOperand& pointer) const
    {
        if (pointer.type == ZYDIS_OPERAND_TYPE_POINTER)
            return Selector { pointer.ptr.segment };
        auto where = memory_reference(state, instruction, pointer);
        if (!where)
            return {};
        auto value = read(where->segment, where->offset + item_bytes(), 2);
        return value ? std::optional { Selector { static_cast<uint16_t>(*value) } } : std::nullopt;
    }
    std::optional<Selector> operand_selector(unsigned i) const
    {
        auto value = operand_value(memory, state, instruction, operand(i));
        return value ? std::optional { Selector { static_cast<uint16_t>(*value) } } : std::nullopt;
    }

    MaybeFault segment(SegmentRegister which, Selector selector) const
    {
        FoundDescriptor found;
        if (which == Ss)
            return check_stack_segment(memory, state, selector, state.cpl(), found);
        return selector.is_null() ? MaybeFault {} : check_data_segment(memory, state, selector, found);
    }
    MaybeFault move_or_pop() const;
    MaybeFault load_far_pointer(SegmentRegister which) const;
    MaybeFault load_system_register() const;
    MaybeFault branch(FarBranch kind) const;
    MaybeFault far_return() const;
    MaybeFault interrupt_return() const;
};

MaybeFault Question::move_or_pop() const
{
    if (operand(0).type != ZYDIS_OPERAND_TYPE_REGISTER)
        return {};
    auto which = segment_register(operand(0).reg.value);
    if (!which)
        return {};
    if (instruction.info.mnemonic == ZYDIS_MNEMONIC_POP)
        return segment(*which, stack_selector(0));
    auto selector = operand_selector(1);
    return selector ? segment(*which, *selector) : MaybeFault {};
}

MaybeFault Question::load_far_pointer(SegmentRegister which) const
{
    auto selector = far_selector(operand(1));
    return selector ? segment(which, *selector) : MaybeFault {};
}

// Privileged: outside ring 0 it is the instruction that is refused, not the selector.
MaybeFault Question::load_system_register() const
{
    auto selector = operand_selector(0);
    if (!selector || state.cpl() != 0)
        return {};
    FoundDescriptor found;
    if (instruction.info.mnemonic == ZYDIS_MNEMONIC_LTR)
        return check_tss(memory, state, *selector, found);
    return selector->is_null() ? MaybeFault {} : check_ldt(memory, state, *selector, found);
}

MaybeFault Question::branch(FarBranch kind) const
{
    if (instruction.info.meta.branch_type != ZYDIS_BRANCH_TYPE_FAR)
        return {};
    auto selector = far_selector(operand(0));
    return selector ? check_far_branch(memory, state, *selector, kind) : MaybeFault {};
}

// EIP, CS, released parameters, and for an outer ring ESP and SS (SDM 3A §5.8.6).
MaybeFault Question::far_return() const
{
    if (instruction.info.meta.branch_type != ZYDIS_BRANCH_TYPE_FAR || !stack_item(1))
        return {};
    bool releases = operand(0).type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
    auto released = releases ? static_cast<uint32_t>(operand(0).imm.value.u) : 0u;
    return check_far_return(memory, state, stack_selector(1), stack_selector(3, released));
}

// EIP, CS, EFLAGS, and for an outer ring ESP and SS (SDM 2A "IRET/IRETD").
MaybeFault Question::interrupt_return() const
{
    if (state.eflags & eflags::nt)
        return check_task_return(memory, state);
    auto flags = stack_item(2);
    bool to_virtual_8086 = flags && item_bytes() == 4 && (*flags & eflags::vm) && state.cpl() == 0;
    if (!flags || to_virtual_8086)
        return {};
    return check_far_return(memory, state, stack_selector(1), stack_selector(4));
}

}

MaybeFault selector_fault(GuestMemory& memory, const CpuState& state, const Instruction& instruction)
{
    if (!state.protected_mode() || state.virtual_8086())
        return {};
    Question question { memory, state, instruction };
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_POP:
        return question.move_or_pop();
    case ZYDIS_MNEMONIC_LDS:
        return question.load_far_pointer(Ds);
    case ZYDIS_MNEMONIC_LES:
        return question.load_far_pointer(Es);
    case ZYDIS_MNEMONIC_LFS:
        return question.load_far_pointer(Fs);
    case ZYDIS_MNEMONIC_LGS:
        return question.load_far_pointer(Gs);
    case ZYDIS_MNEMONIC_LSS:
        return question.load_far_pointer(Ss);
    case ZYDIS_MNEMONIC_LLDT:
    case ZYDIS_MNEMONIC_LTR:
        return question.load_system_register();
    case ZYDIS_MNEMONIC_JMP:
        return question.branch(FarBranch::Jump);
    case ZYDIS_MNEMONIC_CALL:
        return question.branch(FarBranch::Call);
    case ZYDIS_MNEMONIC_RET:
        return question.far_return();
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
        return question.interrupt_return();
    default:
        return {};
    }
}

}
