#include "strategies/paravirt/guest_access.hpp"

#include "core/paravirt_abi.h"

#include <algorithm>
#include <cstring>

namespace ringside::paravirt {

std::span<std::byte> GuestAccess::piece_at(uint32_t address, uint64_t size, Access access) const
{
    auto length = std::min<uint64_t>(size, page_size - address % page_size);
    auto walk = walk_pages(m_memory, m_state, Gla { address }, access, Privilege::Supervisor, AccessedDirty::Update);
    return walk.present ? m_memory.bytes(walk.physical, length) : std::span<std::byte> {};
}

bool GuestAccess::allows(uint32_t address, uint64_t size, Access access) const
{
    if (size == 0)
        return true;
    if (size > PV_MONITOR_BASE || address > PV_MONITOR_BASE - size)
        return false;
    return visit(address, static_cast<uint32_t>(size), access, [](std::span<std::byte>) { return true; });
}

// What lies within one page, as nearly every structure does, is looked up once.
std::span<std::byte> GuestAccess::whole(uint32_t address, uint64_t size, Access access) const
{
    if (size == 0 || address >= PV_MONITOR_BASE || address % page_size + size > page_size)
        return {};
    return piece_at(address, size, access);
}

bool GuestAccess::read_bytes(uint32_t address, std::span<std::byte> target) const
{
    if (auto source = whole(address, target.size(), Access::Read); !source.empty()) {
        std::memcpy(target.data(), source.data(), target.size());
        return true;
    }
    if (!allows(address, target.size(), Access::Read))
        return false;
    return visit(address, static_cast<uint32_t>(target.size()), Access::Read, [&target](std::span<std::byte> piece) {
        std::memcpy(target.data(), piece.data(), piece.size());
        target = target.subspan(piece.size());
        return true;
    });
}

bool GuestAccess::write_bytes(uint32_t address, std::span<const std::byte> source) const
{
    if (auto target = whole(address, source.size(), Access::Write); !target.empty()) {
        std::memcpy(target.data(), source.data(), source.size());
        return true;
    }
    if (!allows(address, source.size(), Access::Write))
        return false;
    return visit(address, static_cast<uint32_t>(source.size()), Access::Write, [&source](std::span<std::byte> piece) {
        std::memcpy(piece.data(), source.data(), piece.size());
        source = source.subspan(piece.size());
        return true;
    });
}

}
