#include "core/x86/stack_frame.hpp"

#include "core/x86/segments.hpp"

#include <cstring>

namespace ringside {

uint32_t StackFrame::item_offset(const Segment& ss, uint32_t esp, unsigned index) const
{
    return (esp - (index + 1) * m_item_bytes) & stack_mask(ss);
}

bool StackFrame::is_contiguous(const Segment& ss, uint32_t esp) const
{
    uint32_t lowest = (esp - bytes()) & stack_mask(ss);
    return lowest <= stack_mask(ss) - (bytes() - 1);
}

bool StackFrame::has_room(const Segment& ss, uint32_t esp) const
{
    if (is_contiguous(ss, esp))
        return within_limit(ss, (esp - bytes()) & stack_mask(ss), bytes());
    for (unsigned i = 0; i < m_count; ++i) {
        if (!within_limit(ss, item_offset(ss, esp, i), m_item_bytes))
            return false;
    }
    return true;
}

MaybeFault StackFrame::store(const LinearMemory& memory, const Segment& ss, uint32_t& esp, Privilege privilege) const
{
    Gla lowest = Gla { ss.base } + ((esp - bytes()) & stack_mask(ss));
    // The quick way first. If it fails the slow way finds out which push it was.
    if (!is_contiguous(ss, esp) || !store_at_once(memory, lowest, privilege)) {
        if (auto fault = store_each(memory, ss, esp, privilege))
            return fault;
    }
    esp = (esp & ~stack_mask(ss)) | ((esp - bytes()) & stack_mask(ss));
    return {};
}

bool StackFrame::store_at_once(const LinearMemory& memory, Gla lowest, Privilege privilege) const
{
    std::byte* target = memory.host_bytes(lowest, bytes(), Access::Write, privilege);
    if (!target)
        return false;
    for (unsigned i = m_count; i-- > 0; target += m_item_bytes) {
        if (m_item_bytes == sizeof(uint32_t))
            std::memcpy(target, &m_items[i], sizeof(uint32_t));
        else
            std::memcpy(target, &m_items[i], sizeof(uint16_t)); // little-endian: the low half
    }
    return true;
}

MaybeFault StackFrame::store_each(
    const LinearMemory& memory, const Segment& ss, uint32_t esp, Privilege privilege) const
{
    auto address = [&](unsigned i) { return Gla { ss.base } + item_offset(ss, esp, i); };
    for (unsigned i = 0; i < m_count; ++i) {
        LinearMemory::Extent extent;
        if (auto fault = memory.translate(address(i), m_item_bytes, Access::Write, privilege, extent))
            return fault;
    }
    for (unsigned i = 0; i < m_count; ++i) {
        auto item = std::as_bytes(std::span { &m_items[i], 1 }).first(m_item_bytes);
        if (auto fault = memory.write_bytes(address(i), item, privilege))
            return fault;
    }
    return {};
}

}
