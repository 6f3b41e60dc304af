#include "core/x86/instruction_emulator.hpp"

#include "core/x86/instructions/handlers.hpp"

#include <array>

namespace ringside {

namespace {

constexpr auto handlers = [] {
    std::array<InstructionHandler, ZYDIS_MNEMONIC_MAX_VALUE + 1> table {};
#define RINGSIDE_HANDLER(mnemonic, function) table[ZYDIS_MNEMONIC_##mnemonic] = function;
#include "core/x86/instructions/handlers.inc"
#undef RINGSIDE_HANDLER
    return table;
}();

void raise(Emulated& result, const Fault& fault)
{
    result.outcome = Emulated::Outcome::Fault;
    result.fault = fault;
    result.kind = EventKind::Count_;
}

bool is_complete(const Emulated& result)
{
    return result.outcome == Emulated::Outcome::Done || result.outcome == Emulated::Outcome::Halted;
}

}

bool can_emulate(const Instruction& instruction)
{
    return handlers[instruction.info.mnemonic] != nullptr;
}

Emulated emulate_instruction(Engine& engine, CpuState& state, const Instruction& instruction)
{
    Emulated result;
    Execution execution(engine, state, instruction, result);
    InstructionHandler handler = handlers[instruction.info.mnemonic];
    if (!handler) {
        result.outcome = Emulated::Outcome::Unsupported;
        return result;
    }
    if (auto fault = handler(execution)) {
        raise(result, *fault);
    } else if (is_complete(result)) {
        state.eip = execution.next_eip;
        state.interrupt_shadow = execution.begins_shadow;
        if (!execution.keeps_rf)
            state.eflags &= ~eflags::rf;
    }
    return result;
}

}
