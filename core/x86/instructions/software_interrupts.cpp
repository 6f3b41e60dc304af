// INT n, INT3, INT1, INTO: delivery is the caller's, who also records it. BOUND, which faults.
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

MaybeFault execute_software_interrupt(Execution& e)
{
    e.result.outcome = Emulated::Outcome::SoftwareInterrupt;
    return {};
}

MaybeFault execute_into(Execution& e)
{
    return e.state.eflags & eflags::of ? execute_software_interrupt(e) : MaybeFault {};
}

// The bounds are two signed values in memory, both included (SDM 2A "BOUND").
MaybeFault execute_bound(Execution& e)
{
    const auto& bounds = e.operand(1);
    unsigned bytes = e.operand_bytes();
    uint32_t at = effective_offset(e.state, e.instruction, bounds), lower = 0, upper = 0;
    if (auto fault = e.read_memory(segment_of(bounds), at, bytes, lower))
        return fault;
    if (auto fault = e.read_memory(segment_of(bounds), (at + bytes) & address_mask(e.instruction), bytes, upper))
        return fault;
    auto number = [&](uint32_t value) { return static_cast<int32_t>(arithmetic::sign_extend(value, 8 * bytes)); };
    int32_t index = number(register_value(e.state, e.operand(0).reg.value));
    if (index < number(lower) || index > number(upper))
        return fault_without_code(BR);
    return {};
}

std::optional<Event> software_interrupt_event(const CpuState& state, const Instruction& instruction)
{
    uint32_t next = state.eip + instruction.length();
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_INT:
        return Event { .type = EventType::SoftwareInterrupt,
            .vector = static_cast<uint8_t>(instruction.operands[0].imm.value.u),
            .return_eip = next };
    case ZYDIS_MNEMONIC_INT3:
        return Event { .type = EventType::SoftwareException, .vector = BP, .return_eip = next };
    case ZYDIS_MNEMONIC_INT1:
        return Event { .type = EventType::PrivilegedSoftwareException, .vector = DB, .return_eip = next };
    case ZYDIS_MNEMONIC_INTO:
        if (state.eflags & eflags::of)
            return Event { .type = EventType::SoftwareException, .vector = OF, .return_eip = next };
        return std::nullopt;
    default:
        return std::nullopt;
    }
}

}
