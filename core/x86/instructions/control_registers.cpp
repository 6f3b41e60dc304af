// MOV to and from control registers (SDM 2B, SDM 3A §2.5).
#include "core/x86/control_registers.hpp"
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

namespace {

constexpr uint32_t cr0_known = cr0::pe | cr0::mp | cr0::em | cr0::ts | cr0::ne | cr0::wp | cr0::am | cr0::nw | cr0::cd
    | cr0::pg;

// CR0, CR2, CR3 or CR4; null for the others, which do not exist.
uint32_t* control_register(CpuState& state, unsigned number)
{
    switch (number) {
    case 0:
        return &state.cr0;
    case 2:
        return &state.cr2;
    case 3:
        return &state.cr3;
    case 4:
        return &state.cr4;
    default:
        return nullptr;
    }
}

unsigned number_of(const ZydisDecodedOperand& operand)
{
    return static_cast<unsigned>(operand.reg.value - ZYDIS_REGISTER_CR0);
}

// What a new value brings with it (SDM 3A §4.10.4.1).
uint32_t effects_of(unsigned number, uint32_t changed)
{
    switch (number) {
    case 0:
        return (changed & (cr0::pe | cr0::pg | cr0::wp) ? effect::paging_mode : 0)
            | (changed & cr0::pe ? effect::segments : 0) | (changed & cr0::pg ? effect::whole_tlb : 0);
    case 3:
        return effect::non_global_tlb;
    case 4:
        return changed & (cr4::pse | cr4::pae | cr4::pge) ? effect::paging_mode | effect::whole_tlb : 0;
    default:
        return 0;
    }
}

MaybeFault load_control_register(Execution& e, unsigned number, uint32_t& target)
{
    if (auto fault = e.require_ring_0())
        return fault;
    if (auto fault = check_system_register(e.state, e.instruction))
        return fault;
    uint32_t value = register_value(e.state, e.operand(1).reg.value);
    if (number == 0)
        value = (value & cr0_known) | cr0::et; // reserved bits are ignored, ET is always set
    e.affects(effects_of(number, value ^ target));
    target = value;
    e.exits_as(EventKind::ControlRegisterWrite, value, number);
    return {};
}

}

MaybeFault execute_mov_control(Execution& e)
{
    bool loads = e.operand(0).reg.value >= ZYDIS_REGISTER_CR0 && e.operand(0).reg.value <= ZYDIS_REGISTER_CR15;
    unsigned number = number_of(e.operand(loads ? 0 : 1));
    uint32_t* control = control_register(e.state, number);
    if (!control)
        return fault_without_code(UD);
    if (loads)
        return load_control_register(e, number, *control);
    if (auto fault = e.require_ring_0())
        return fault;
    if (auto fault = e.write(0, *control))
        return fault;
    e.exits_as(EventKind::ControlRegisterRead, *control, number);
    return {};
}

}
