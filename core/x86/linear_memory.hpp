// Reading and writing guest memory at linear addresses, through the guest's page tables, as the processor itself does
// for descriptors, task-state segments and stacks. Accesses may cross pages and wrap at 4 GiB.
//
// Both pages are checked before anything is written, so a faulting write changes nothing. Accessed and dirty flags are
// updated page by page. What is mapped but not RAM reads as ones and swallows writes: the processor's tables do not
// live in device registers. Who emulates an instruction that may touch a device uses translate() and asks the bus.
#pragma once

#include "core/machine/address.hpp"
#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/fault.hpp"
#include "core/x86/paging.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace ringside {

class LinearMemory {
public:
    // Keeps both references; each call uses the control registers as they are then.
    LinearMemory(GuestMemory& memory, const CpuState& state) : m_memory(memory), m_state(state) { }

    // Where a linear range lies: one or two runs of physical bytes, the second possibly empty.
    struct Extent {
        Gpa first {};
        uint32_t first_length = 0;
        Gpa second {};
        uint32_t second_length = 0;
    };
    // `length` is at most one page.
    [[nodiscard]] MaybeFault translate(
        Gla address, uint32_t length, Access access, Privilege privilege, Extent& extent) const;

    // Each returns the #PF if there is one; the buffer is then untouched (read) or memory is (write).
    // At most one page.
    [[nodiscard]] MaybeFault read_bytes(Gla address, std::span<std::byte> target, Privilege privilege) const;
    [[nodiscard]] MaybeFault write_bytes(Gla address, std::span<const std::byte> source, Privilege privilege) const;

    template<typename T>
    [[nodiscard]] MaybeFault read(Gla address, T& value, Privilege privilege) const
    {
        static_assert(std::is_trivially_copyable_v<T>);
        if (const std::byte* source = host_bytes(address, sizeof(T), Access::Read, privilege)) {
            std::memcpy(&value, source, sizeof(T));
            return {};
        }
        return read_bytes(address, std::as_writable_bytes(std::span { &value, 1 }), privilege);
    }
    template<typename T>
    [[nodiscard]] MaybeFault write(Gla address, const T& value, Privilege privilege) const
    {
        static_assert(std::is_trivially_copyable_v<T>);
        if (std::byte* target = host_bytes(address, sizeof(T), Access::Write, privilege)) {
            std::memcpy(target, &value, sizeof(T));
            return {};
        }
        return write_bytes(address, std::as_bytes(std::span { &value, 1 }), privilege);
    }

    // The usual case, done quickly: the bytes, if they lie within one page, which is RAM, and the access is allowed.
    // Otherwise nothing, and one of the functions above finds out why. Not to be kept.
    std::byte* host_bytes(Gla address, uint32_t length, Access access, Privilege privilege) const;

    GuestMemory& physical() const { return m_memory; }

private:
    void copy_in(Gpa address, std::span<std::byte> target) const;
    void copy_out(Gpa address, std::span<const std::byte> source) const;

    GuestMemory& m_memory;
    const CpuState& m_state;
};

}
