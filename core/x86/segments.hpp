// Limit and type checks on a loaded segment register (SDM 3A §5.3, §5.4), and the stack's address size.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/x86/fault.hpp"
#include "core/x86/paging.hpp"

#include <cstdint>

namespace ringside {

// True if the bytes [offset, offset + length) lie inside the segment; `length` is at least 1. Knows expand-down data
// segments, whose valid offsets are those above the limit (SDM 3A §5.3). A range that wraps at 4 GiB is outside,
// except in a segment that covers everything.
bool within_limit(const Segment& segment, uint32_t offset, uint32_t length);

// What a reference through this register raises, if anything: #SS(0) for SS, #GP(0) for the others, when the register
// holds a null selector, its type forbids the access, or the range is outside the limit.
[[nodiscard]] MaybeFault check_segment_access(
    const CpuState& state, SegmentRegister which, uint32_t offset, uint32_t length, Access access);

// 32-bit stack pointer if the stack segment is big, else SP (SDM 3A §6.2.3 and SDM 1 §6.2.3).
inline uint32_t stack_mask(const Segment& ss)
{
    return ss.is_big() ? 0xFFFFFFFFu : 0xFFFFu;
}

// A segment register as real-address and virtual-8086 mode load it (SDM 3B §20.1.1, §20.3).
constexpr Segment real_mode_segment(const Segment& before, uint16_t selector)
{
    return { selector, before.attributes, uint32_t { selector } << 4, before.limit };
}
Segment virtual_8086_segment(uint16_t selector);

}
