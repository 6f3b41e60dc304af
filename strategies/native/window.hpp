// The window: the lowest 4 GiB of this process, which are the guest's linear address space while the host CPU executes
// the guest. Guest-linear address = host address, so that segmentation and addressing modes need no help.
//
// One per process. Reserved once, with nothing in the way; what is not mapped faults. Several strategies of one run have it
// in common: each gives back what it has mapped before another one's turn (Strategy::release).
#pragma once

#include "core/machine/address.hpp"
#include "core/result.hpp"

#include <cstdint>

namespace ringside {

class Window {
public:
    static constexpr uint64_t end = uint64_t { 1 } << 32;

    // Takes all of the window that the host allows, or a share in it if the process has it already. Unavailable, with what is
    // in the way, otherwise.
    static Result<Window> reserve();
    Window(Window&&) noexcept;
    Window& operator=(Window&&) = delete;
    Window(const Window&) = delete;
    ~Window();

    // Addresses below this cannot be mapped: 0, or the host's vm.mmap_min_addr for those without the right.
    uint32_t begin() const { return m_begin; }

    enum class Protection : uint8_t { None, Read, ReadWrite, ReadExecute, ReadWriteExecute };
    // What the host does with pages that are not yet in its own page tables: all at once, or each when it is touched.
    enum class Populate : uint8_t { Now, Later };

    // Maps `bytes` of the file `descriptor` from `offset` on at `at`, in place of what was there. False if the host
    // refuses: it has too many mappings.
    bool map(Gla at, uint64_t bytes, int descriptor, uint64_t offset, Protection protection, Populate populate);
    void unmap(uint64_t at, uint64_t bytes);
    // Changes what may be done with what is mapped, or forbids everything and keeps the mappings.
    void protect(Gla at, uint64_t bytes, Protection protection);

    // What the host has been asked to do so far, and how long it took, in ticks of the time-stamp counter.
    struct HostCalls {
        uint64_t count = 0;
        uint64_t ticks = 0;
    };
    const HostCalls& host_calls() const { return m_host_calls; }

private:
    explicit Window(uint32_t begin) : m_begin(begin) { ++s_shares; }

    static inline unsigned s_shares = 0;
    static inline uint32_t s_begin = 0; // while there are any

    uint32_t m_begin;
    bool m_owned = true;
    HostCalls m_host_calls;
};

}
