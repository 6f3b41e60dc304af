#include "core/x86/segment_load.hpp"

#include "core/verify.hpp"
#include "core/x86/segments.hpp"

namespace ringside {

namespace {

Fault general_protection(Selector selector)
{
    return fault_with_code(GP, selector.error_code());
}

// A null selector in a data register, or in LDTR, is loaded and faults when used (SDM 3A §3.4.2).
Segment null_segment(Selector selector)
{
    return { selector.value, 0, 0, 0 };
}

bool is_available_tss(const Descriptor& descriptor)
{
    return descriptor.is(SystemType::AvailableTss16) || descriptor.is(SystemType::AvailableTss32);
}

// The privilege rule of a direct transfer (SDM 3A §5.8.1) and of a return (§5.8.6).
bool transfer_allowed(const Descriptor& code, Selector selector, CodeTransfer transfer, unsigned cpl)
{
    bool conforming = code.is_conforming_code();
    if (transfer == CodeTransfer::Direct)
        return conforming ? code.dpl() <= cpl : code.dpl() == cpl && selector.rpl() <= cpl;
    if (selector.rpl() < cpl)
        return false;
    return conforming ? code.dpl() <= selector.rpl() : code.dpl() == selector.rpl();
}

}

MaybeFault check_data_segment(GuestMemory& memory, const CpuState& state, Selector selector, FoundDescriptor& found)
{
    Fault refused = general_protection(selector);
    if (auto fault = find_descriptor(memory, state, selector, refused, found))
        return fault;
    const Descriptor& descriptor = found.descriptor;
    if (!descriptor.is_data() && !descriptor.is_readable_code())
        return refused;
    if (!descriptor.is_conforming_code() && (selector.rpl() > descriptor.dpl() || state.cpl() > descriptor.dpl()))
        return refused;
    if (!descriptor.is_present())
        return fault_with_code(NP, selector.error_code());
    return {};
}

MaybeFault check_stack_segment(
    GuestMemory& memory, const CpuState& state, Selector selector, unsigned cpl, FoundDescriptor& found)
{
    if (selector.is_null())
        return fault_with_code(GP, 0);
    Fault refused = general_protection(selector);
    if (auto fault = find_descriptor(memory, state, selector, refused, found))
        return fault;
    const Descriptor& descriptor = found.descriptor;
    if (selector.rpl() != cpl || !descriptor.is_writable_data() || descriptor.dpl() != cpl)
        return refused;
    if (!descriptor.is_present())
        return fault_with_code(SS, selector.error_code());
    return {};
}

MaybeFault check_code_segment(
    GuestMemory& memory, const CpuState& state, Selector selector, CodeTransfer transfer, FoundDescriptor& found)
{
    if (selector.is_null())
        return fault_with_code(GP, 0);
    Fault refused = general_protection(selector);
    if (auto fault = find_descriptor(memory, state, selector, refused, found))
        return fault;
    if (!found.descriptor.is_code() || !transfer_allowed(found.descriptor, selector, transfer, state.cpl()))
        return refused;
    if (!found.descriptor.is_present())
        return fault_with_code(NP, selector.error_code());
    return {};
}

MaybeFault check_ldt(GuestMemory& memory, const CpuState& state, Selector selector, FoundDescriptor& found)
{
    Fault refused = general_protection(selector);
    if (selector.is_local())
        return refused;
    if (auto fault = find_descriptor(memory, state, selector, refused, found))
        return fault;
    if (!found.descriptor.is(SystemType::Ldt))
        return refused;
    if (!found.descriptor.is_present())
        return fault_with_code(NP, selector.error_code());
    return {};
}

MaybeFault check_tss(GuestMemory& memory, const CpuState& state, Selector selector, FoundDescriptor& found)
{
    if (selector.is_null())
        return fault_with_code(GP, 0);
    Fault refused = general_protection(selector);
    if (selector.is_local())
        return refused;
    if (auto fault = find_descriptor(memory, state, selector, refused, found))
        return fault;
    if (!is_available_tss(found.descriptor))
        return refused;
    if (!found.descriptor.is_present())
        return fault_with_code(NP, selector.error_code());
    return {};
}

MaybeFault load_segment(CpuState& state, GuestMemory& memory, SegmentRegister which, Selector selector)
{
    VERIFY(which != Cs);
    Segment& target = state.segment(which);
    if (state.virtual_8086() || !state.protected_mode()) {
        target
            = state.virtual_8086() ? virtual_8086_segment(selector.value) : real_mode_segment(target, selector.value);
        return {};
    }
    if (which != Ss && selector.is_null()) {
        target = null_segment(selector);
        return {};
    }
    FoundDescriptor found;
    if (auto fault = which == Ss ? check_stack_segment(memory, state, selector, state.cpl(), found)
                                 : check_data_segment(memory, state, selector, found))
        return fault;
    if (auto fault = mark_accessed(memory, state, found))
        return fault;
    target = found.descriptor.segment_register(selector);
    return {};
}

MaybeFault load_ldtr(CpuState& state, GuestMemory& memory, Selector selector)
{
    if (selector.is_null()) {
        state.ldtr = null_segment(selector);
        return {};
    }
    FoundDescriptor found;
    if (auto fault = check_ldt(memory, state, selector, found))
        return fault;
    state.ldtr = found.descriptor.segment_register(selector);
    return {};
}

MaybeFault load_tr(CpuState& state, GuestMemory& memory, Selector selector)
{
    FoundDescriptor found;
    if (auto fault = check_tss(memory, state, selector, found))
        return fault;
    bool is_32_bit = found.descriptor.is(SystemType::AvailableTss32);
    SystemType busy = is_32_bit ? SystemType::BusyTss32 : SystemType::BusyTss16;
    if (auto fault = set_system_type(memory, state, found.address, busy))
        return fault;
    state.tr = found.descriptor.segment_register(selector);
    state.tr.attributes = static_cast<uint16_t>((state.tr.attributes & ~0xF) | static_cast<uint16_t>(busy));
    return {};
}

}
