#include "core/x86/task_segments.hpp"

#include "core/x86/descriptors.hpp"
#include "core/x86/segments.hpp"

namespace ringside {

namespace {

struct Loader {
    CpuState& state;
    GuestMemory& memory;
    uint32_t external;

    Fault fault(Vector vector, Selector selector) const
    {
        return fault_with_code(vector, selector.error_code(external));
    }
    [[nodiscard]] MaybeFault load_ldtr() const;
    [[nodiscard]] MaybeFault load(SegmentRegister which) const;
    bool allowed(SegmentRegister which, Selector selector, const Descriptor& descriptor) const;
};

MaybeFault Loader::load_ldtr() const
{
    Selector selector { state.ldtr.selector };
    if (selector.is_null())
        return {};
    // No LDT is loaded yet: a local selector is refused as outside its table.
    Fault refused = fault(TS, selector);
    FoundDescriptor found;
    if (auto outside = find_descriptor(memory, state, selector, refused, found))
        return outside;
    if (!found.descriptor.is(SystemType::Ldt) || !found.descriptor.is_present())
        return refused;
    state.ldtr = found.descriptor.segment_register(selector);
    return {};
}

// The CPL is CS.RPL of the new task; nothing links it to the old task's (SDM 3A §7.3).
bool Loader::allowed(SegmentRegister which, Selector selector, const Descriptor& descriptor) const
{
    unsigned cpl = state.segment(Cs).selector & 3u;
    if (which == Cs) {
        return descriptor.is_code()
            && (descriptor.is_conforming_code() ? descriptor.dpl() <= cpl : descriptor.dpl() == cpl);
    }
    if (which == Ss)
        return descriptor.is_writable_data() && descriptor.dpl() == cpl && selector.rpl() == cpl;
    if (descriptor.is_conforming_code())
        return descriptor.is_readable_code();
    return (descriptor.is_data() || descriptor.is_readable_code()) && descriptor.dpl() >= cpl
        && descriptor.dpl() >= selector.rpl();
}

MaybeFault Loader::load(SegmentRegister which) const
{
    Selector selector { state.segment(which).selector };
    bool may_be_null = which != Cs && which != Ss;
    if (may_be_null && selector.is_null())
        return {};
    Fault refused = fault(TS, selector);
    if (selector.is_null())
        return refused;
    FoundDescriptor found;
    if (auto outside = find_descriptor(memory, state, selector, refused, found))
        return outside;
    if (!allowed(which, selector, found.descriptor))
        return refused;
    if (!found.descriptor.is_present())
        return fault(which == Ss ? SS : NP, selector);
    if (auto failed = mark_accessed(memory, state, found))
        return failed;
    state.segment(which) = found.descriptor.segment_register(selector);
    return {};
}

}

void place_task_selectors(CpuState& state, const std::array<uint16_t, 6>& selectors, uint16_t ldt)
{
    bool virtual_8086 = state.virtual_8086();
    auto dpl = static_cast<uint16_t>((selectors[Cs] & 3u) << 5);
    for (auto which : { Es, Cs, Ss, Ds, Fs, Gs }) {
        state.segment(which)
            = virtual_8086 ? virtual_8086_segment(selectors[which]) : Segment { selectors[which], dpl, 0, 0 };
    }
    state.ldtr = { ldt, 0, 0, 0 };
}

MaybeFault load_task_segments(CpuState& state, GuestMemory& memory, uint32_t external)
{
    Loader loader { state, memory, external };
    if (auto fault = loader.load_ldtr())
        return fault;
    if (state.virtual_8086())
        return {};
    for (auto which : { Cs, Ss, Ds, Es, Fs, Gs }) {
        if (auto fault = loader.load(which))
            return fault;
    }
    return {};
}

}
