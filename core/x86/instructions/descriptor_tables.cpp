// The registers that say where the descriptor tables and the task-state segment lie (SDM 3A §2.4).
#include "core/x86/instructions/handlers.hpp"

#include "core/x86/segment_load.hpp"

namespace ringside {

namespace {

// The numbers that events carry.
enum Table : uint32_t { Gdtr, Idtr, Ldtr, Tr };

// SDM 3A figure 2-6: a limit of 16 bits, then a base of 32.
MaybeFault load_table(Execution& e, DescriptorTable& target, Table table)
{
    if (auto fault = e.require_ring_0())
        return fault;
    const auto& operand = e.operand(0);
    uint32_t offset = effective_offset(e.state, e.instruction, operand);
    uint32_t limit = 0, base = 0;
    if (auto fault = e.read_memory(segment_of(operand), offset, 2, limit))
        return fault;
    if (auto fault = e.read_memory(segment_of(operand), (offset + 2) & address_mask(e.instruction), 4, base))
        return fault;
    if (e.operand_bytes() == 2)
        base &= 0xFFFFFF; // as the 80286 had it (SDM 2A "LGDT/LIDT")
    target = { base, static_cast<uint16_t>(limit) };
    e.exits_as(EventKind::DescriptorTableLoad, base, limit, table);
    return {};
}

// All 32 bits of the base, whatever the operand size.
MaybeFault store_table(Execution& e, const DescriptorTable& source, Table table)
{
    const auto& operand = e.operand(0);
    uint32_t offset = effective_offset(e.state, e.instruction, operand);
    Place limit, base;
    if (auto fault = e.find_memory(segment_of(operand), offset, 2, Access::Write, limit))
        return fault;
    uint32_t base_offset = (offset + 2) & address_mask(e.instruction);
    if (auto fault = e.find_memory(segment_of(operand), base_offset, 4, Access::Write, base))
        return fault;
    e.store(limit, source.limit);
    e.store(base, source.base);
    e.exits_as(EventKind::DescriptorTableStore, source.base, table);
    return {};
}

using Load = MaybeFault (*)(CpuState&, GuestMemory&, Selector);

MaybeFault load_system_segment(Execution& e, Load load, const Segment& target, Table table)
{
    if (auto fault = e.require_protected_mode())
        return fault;
    if (auto fault = e.require_ring_0())
        return fault;
    uint32_t selector = 0;
    if (auto fault = e.read(0, selector))
        return fault;
    if (auto fault = load(e.state, e.engine.memory(), Selector { static_cast<uint16_t>(selector) }))
        return fault;
    e.exits_as(EventKind::DescriptorTableLoad, target.base, target.limit, table);
    return {};
}

MaybeFault store_selector(Execution& e, const Segment& source, Table table)
{
    if (auto fault = e.require_protected_mode())
        return fault;
    if (auto fault = e.write(0, source.selector))
        return fault;
    e.exits_as(EventKind::DescriptorTableStore, source.selector, table);
    return {};
}

}

MaybeFault execute_lgdt(Execution& e)
{
    return load_table(e, e.state.gdtr, Gdtr);
}

MaybeFault execute_lidt(Execution& e)
{
    return load_table(e, e.state.idtr, Idtr);
}

MaybeFault execute_sgdt(Execution& e)
{
    return store_table(e, e.state.gdtr, Gdtr);
}

MaybeFault execute_sidt(Execution& e)
{
    return store_table(e, e.state.idtr, Idtr);
}

MaybeFault execute_lldt(Execution& e)
{
    return load_system_segment(e, load_ldtr, e.state.ldtr, Ldtr);
}

MaybeFault execute_ltr(Execution& e)
{
    return load_system_segment(e, load_tr, e.state.tr, Tr);
}

MaybeFault execute_sldt(Execution& e)
{
    return store_selector(e, e.state.ldtr, Ldtr);
}

MaybeFault execute_str(Execution& e)
{
    return store_selector(e, e.state.tr, Tr);
}

}
