#include "core/x86/segments.hpp"

#include "core/x86/descriptors.hpp"

namespace ringside {

namespace {

bool is_data(const Segment& segment)
{
    return (segment.attributes & Segment::code_or_data) && !(segment.type() & segment_type::code);
}

// SDM 3A §5.5, "type checking": what each kind of segment may be used for.
bool type_allows(const Segment& segment, Access access)
{
    bool code = segment.type() & segment_type::code;
    switch (access) {
    case Access::Read:
        return !code || (segment.type() & segment_type::readable);
    case Access::Write:
        return !code && (segment.type() & segment_type::writable);
    case Access::Execute:
        return true; // whatever CS holds was checked when it was loaded
    }
    return false;
}

}

bool within_limit(const Segment& segment, uint32_t offset, uint32_t length)
{
    uint64_t last = uint64_t { offset } + length - 1;
    if (is_data(segment) && (segment.type() & segment_type::expand_down)) {
        uint32_t highest = segment.is_big() ? 0xFFFFFFFF : 0xFFFF;
        return offset > segment.limit && last <= highest;
    }
    // SDM 3A §5.3 leaves a range that wraps in a 4 GiB segment to the implementation: it wraps.
    return last <= segment.limit || segment.limit == 0xFFFFFFFF;
}

MaybeFault check_segment_access(
    const CpuState& state, SegmentRegister which, uint32_t offset, uint32_t length, Access access)
{
    const Segment& segment = state.segment(which);
    // Real-address and virtual-8086 mode check the limit only (SDM 3B §20.1.1).
    bool rights
        = !state.protected_mode() || state.virtual_8086() || (segment.is_present() && type_allows(segment, access));
    if (rights && within_limit(segment, offset, length))
        return {};
    Vector vector = which == Ss ? SS : GP;
    return state.protected_mode() ? fault_with_code(vector, 0) : fault_without_code(vector);
}

Segment virtual_8086_segment(uint16_t selector)
{
    // Present, DPL 3, data, writable, accessed; 64 KiB (SDM 3C §26.3.1.2 spells the same values out).
    return { selector, 0xF3, uint32_t { selector } << 4, 0xFFFF };
}

}
