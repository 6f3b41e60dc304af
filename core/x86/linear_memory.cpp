#include "core/x86/linear_memory.hpp"

#include "core/verify.hpp"

#include <algorithm>
#include <utility>

namespace ringside {

namespace {

MaybeFault walk_to(
    GuestMemory& memory, const CpuState& state, Gla address, Access access, Privilege privilege, Gpa& physical)
{
    PageWalk walk = walk_pages(memory, state, address, access, privilege, AccessedDirty::Update);
    if (!walk.present)
        return page_fault(walk.error_code, address);
    physical = walk.physical;
    return {};
}

}

MaybeFault LinearMemory::translate(
    Gla address, uint32_t length, Access access, Privilege privilege, Extent& extent) const
{
    VERIFY(length <= page_size);
    extent.first_length = std::min(length, page_size - address.page_offset());
    extent.second_length = length - extent.first_length;
    if (auto fault = walk_to(m_memory, m_state, address, access, privilege, extent.first))
        return fault;
    if (extent.second_length == 0)
        return {};
    return walk_to(m_memory, m_state, address + extent.first_length, access, privilege, extent.second);
}

std::byte* LinearMemory::host_bytes(Gla address, uint32_t length, Access access, Privilege privilege) const
{
    if (address.page_offset() + length > page_size)
        return nullptr;
    PageWalk walk = walk_pages(m_memory, m_state, address, access, privilege, AccessedDirty::Update);
    if (!walk.present)
        return nullptr;
    // Only who may write is told to those who watch.
    return access == Access::Write ? m_memory.bytes(walk.physical, length).data()
                                   : const_cast<std::byte*>(std::as_const(m_memory).bytes(walk.physical, length).data());
}

MaybeFault LinearMemory::read_bytes(Gla address, std::span<std::byte> target, Privilege privilege) const
{
    Extent extent;
    if (auto fault = translate(address, static_cast<uint32_t>(target.size()), Access::Read, privilege, extent))
        return fault;
    copy_in(extent.first, target.first(extent.first_length));
    copy_in(extent.second, target.subspan(extent.first_length));
    return {};
}

MaybeFault LinearMemory::write_bytes(Gla address, std::span<const std::byte> source, Privilege privilege) const
{
    Extent extent;
    if (auto fault = translate(address, static_cast<uint32_t>(source.size()), Access::Write, privilege, extent))
        return fault;
    copy_out(extent.first, source.first(extent.first_length));
    copy_out(extent.second, source.subspan(extent.first_length));
    return {};
}

// A run lies within one page, and RAM begins and ends at page boundaries: all of it is RAM or none.
void LinearMemory::copy_in(Gpa address, std::span<std::byte> target) const
{
    if (target.empty())
        return;
    if (auto source = std::as_const(m_memory).bytes(address, target.size()); !source.empty())
        std::memcpy(target.data(), source.data(), target.size());
    else
        std::memset(target.data(), 0xFF, target.size());
}

void LinearMemory::copy_out(Gpa address, std::span<const std::byte> source) const
{
    if (source.empty())
        return;
    if (auto target = m_memory.bytes(address, source.size()); !target.empty())
        std::memcpy(target.data(), source.data(), source.size());
}

}
