// Guest memory as a hypercall may use it: at linear addresses, with the rights of ring 0, and nothing of the monitor's.
// The guest's pointers and sizes are hostile; every one of them passes here.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/paging.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace ringside::paravirt {

class GuestAccess {
public:
    // Keeps both references; each call uses the control registers as they are then.
    GuestAccess(GuestMemory& memory, const CpuState& state) : m_memory(memory), m_state(state) { }

    // True if all of [address, address + size) is RAM that ring 0 may access so, and none of it the monitor's. Nothing
    // is touched but accessed and dirty flags. A size of 0 is always allowed.
    bool allows(uint32_t address, uint64_t size, Access access) const;

    // Both refuse the whole if a part is not allowed; a refused read leaves `target` as it was.
    bool read_bytes(uint32_t address, std::span<std::byte> target) const;
    bool write_bytes(uint32_t address, std::span<const std::byte> source) const;

    // Calls visit(span of host bytes) for one piece after the other; the caller has asked allows() for all of it.
    // Visiting ends early when visit() returns false.
    template<typename Visit>
    bool visit(uint32_t address, uint32_t size, Access access, Visit visit) const
    {
        while (size > 0) {
            auto piece = piece_at(address, size, access);
            if (piece.empty() || !visit(piece))
                return false;
            address += static_cast<uint32_t>(piece.size());
            size -= static_cast<uint32_t>(piece.size());
        }
        return true;
    }

    // Structures of the ABI: 4-byte aligned.
    template<typename T>
    bool read(uint32_t address, T& value) const
    {
        static_assert(std::is_trivially_copyable_v<T>);
        return address % 4 == 0 && read_bytes(address, std::as_writable_bytes(std::span { &value, 1 }));
    }
    template<typename T>
    bool write(uint32_t address, const T& value) const
    {
        static_assert(std::is_trivially_copyable_v<T>);
        return address % 4 == 0 && write_bytes(address, std::as_bytes(std::span { &value, 1 }));
    }

private:
    // As much of the range as lies in the first page; empty if that is not allowed.
    std::span<std::byte> piece_at(uint32_t address, uint64_t size, Access access) const;
    // All of it, if it lies within one page; empty otherwise, or if it is not allowed.
    std::span<std::byte> whole(uint32_t address, uint64_t size, Access access) const;

    GuestMemory& m_memory;
    const CpuState& m_state;
};

}
