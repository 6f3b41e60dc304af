#include "core/x86/memory_accesses.hpp"

#include "core/x86/segments.hpp"

namespace ringside {

namespace {

bool writes(const ZydisDecodedOperand& operand)
{
    return operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
}

// ENTER copies frame pointers of outer procedures from below EBP, pushes them, and finally touches the new top of the
// stack (SDM 2A "ENTER").
MemoryAccesses enter_accesses(const CpuState& state, const Instruction& instruction)
{
    uint32_t item = instruction.info.operand_width / 8u;
    auto allocated = static_cast<uint32_t>(instruction.operands[0].imm.value.u);
    uint32_t level = static_cast<uint32_t>(instruction.operands[1].imm.value.u) % 32;
    uint32_t mask = stack_mask(state.segment(Ss));
    uint32_t pushed = item * (level + 1);
    uint32_t copied = level > 1 ? item * (level - 1) : 0;

    MemoryAccesses accesses;
    if (copied)
        accesses.add({ { Ss, (state.gpr[Ebp] - copied) & mask, copied }, Access::Read });
    accesses.add({ { Ss, (state.gpr[Esp] - pushed) & mask, pushed }, Access::Write });
    accesses.add({ { Ss, (state.gpr[Esp] - pushed - allocated) & mask, item }, Access::Write });
    return accesses;
}

}

MemoryAccesses memory_accesses(const CpuState& state, const Instruction& instruction)
{
    if (instruction.info.mnemonic == ZYDIS_MNEMONIC_ENTER)
        return enter_accesses(state, instruction);
    MemoryAccesses accesses;
    for (auto wanted : { Access::Read, Access::Write }) {
        for (const auto& operand : instruction.all_operands()) {
            auto access = writes(operand) ? Access::Write : Access::Read;
            if (access != wanted)
                continue;
            if (auto where = memory_reference(state, instruction, operand))
                accesses.add({ *where, access });
        }
    }
    return accesses;
}

}
