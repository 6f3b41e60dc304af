// Questions about selectors: LAR, LSL, VERR, VERW, ARPL. The answer is in ZF; a selector that is no good is no fault.
#include "core/x86/instructions/handlers.hpp"

#include "core/x86/descriptors.hpp"

#include <optional>

namespace ringside {

namespace {

constexpr uint32_t types(std::initializer_list<SystemType> list)
{
    uint32_t set = 0;
    for (auto type : list)
        set |= 1u << static_cast<unsigned>(type);
    return set;
}

// The system descriptors that have a limit; those that have rights worth reading (SDM 2A "LSL" table 3-55, "LAR" 3-53).
constexpr uint32_t with_limit = types({ SystemType::AvailableTss16, SystemType::Ldt, SystemType::BusyTss16,
    SystemType::AvailableTss32, SystemType::BusyTss32 });
constexpr uint32_t with_rights
    = with_limit | types({ SystemType::CallGate16, SystemType::TaskGate, SystemType::CallGate32 });

void answer(Execution& e, bool yes)
{
    e.set_status_flags(yes ? eflags::zf : 0, eflags::zf);
}

// A descriptor that the program may know of; its presence does not matter. Only a page fault of the table is one.
struct Lookup {
    MaybeFault fault {};
    std::optional<Descriptor> descriptor {};
};

Lookup look_up(Execution& e, Selector selector)
{
    if (selector.is_null())
        return {};
    FoundDescriptor found;
    auto fault = find_descriptor(e.engine.memory(), e.state, selector, fault_with_code(GP, 0), found);
    if (fault)
        return fault->vector == PF ? Lookup { fault } : Lookup {};
    const Descriptor& descriptor = found.descriptor;
    bool visible = descriptor.is_conforming_code()
        || (descriptor.dpl() >= e.state.cpl() && descriptor.dpl() >= selector.rpl());
    return visible ? Lookup { {}, descriptor } : Lookup {};
}

// Reads the operand's selector and looks it up.
MaybeFault look_up_operand(Execution& e, unsigned index, std::optional<Descriptor>& descriptor)
{
    if (auto fault = e.require_protected_mode())
        return fault;
    uint32_t selector = 0;
    if (auto fault = e.read(index, selector))
        return fault;
    Lookup found = look_up(e, Selector { static_cast<uint16_t>(selector) });
    descriptor = found.descriptor;
    return found.fault;
}

bool is_kind(const Descriptor& descriptor, uint32_t system_types)
{
    return !descriptor.is_system() || (system_types >> descriptor.type() & 1);
}

MaybeFault store_answer(Execution& e, const std::optional<Descriptor>& descriptor, uint32_t system_types, uint32_t value)
{
    bool good = descriptor && is_kind(*descriptor, system_types);
    answer(e, good);
    return good ? e.write(0, value) : MaybeFault {};
}

}

MaybeFault execute_lar(Execution& e)
{
    constexpr uint32_t rights = 0x00F0FF00; // of the descriptor's upper half
    std::optional<Descriptor> descriptor;
    if (auto fault = look_up_operand(e, 1, descriptor))
        return fault;
    return store_answer(
        e, descriptor, with_rights, descriptor ? static_cast<uint32_t>(descriptor->raw >> 32) & rights : 0);
}

MaybeFault execute_lsl(Execution& e)
{
    std::optional<Descriptor> descriptor;
    if (auto fault = look_up_operand(e, 1, descriptor))
        return fault;
    return store_answer(e, descriptor, with_limit, descriptor ? descriptor->limit() : 0);
}

MaybeFault execute_verr(Execution& e)
{
    std::optional<Descriptor> descriptor;
    if (auto fault = look_up_operand(e, 0, descriptor))
        return fault;
    answer(e, descriptor && (descriptor->is_data() || descriptor->is_readable_code()));
    return {};
}

MaybeFault execute_verw(Execution& e)
{
    std::optional<Descriptor> descriptor;
    if (auto fault = look_up_operand(e, 0, descriptor))
        return fault;
    answer(e, descriptor && descriptor->is_writable_data());
    return {};
}

// Raises the RPL of a selector to that of another, so that a kernel does not use more privilege than its caller has
// (SDM 3A §5.10.4).
MaybeFault execute_arpl(Execution& e)
{
    if (auto fault = e.require_protected_mode())
        return fault;
    Place place;
    if (auto fault = e.find_place(0, Access::Write, place))
        return fault;
    uint32_t selector = e.load(place);
    uint32_t rpl = register_value(e.state, e.operand(1).reg.value) & 3;
    bool raises = (selector & 3) < rpl;
    if (raises)
        e.store(place, (selector & ~3u) | rpl);
    answer(e, raises);
    return {};
}

}
