// Which guest pages hold translated code, and which of them were written since.
//
// Unicorn 2.1.1 notices only the first store to a page after the page's TLB entry was filled, and then drops just the
// blocks that this store touches; later stores leave the page's other blocks stale. Stores by the engine itself (the frame
// of an interrupt) it never sees. So the host watches: a page that holds translated code is made read-only on the host,
// the first store faults, and all its blocks are dropped before the next block runs.
//
//   Plain ----protect()----> Protected ---a store---> Written ---take_written()---> Plain, or Mixed
//
// A page that holds code and data that is written all the time would fault without end. After some faults in quick
// succession it is Mixed: it stays writable, and the emulator compares each of its blocks with memory before it runs.
#pragma once

#include "core/machine/address.hpp"
#include "core/machine/clock.hpp"
#include "core/machine/guest_memory.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace ringside {

class CodePages {
public:
    // `written` is called by every fault, in the signal handler, with the handler's third argument: the emulator must look
    // before the next block runs.
    CodePages(GuestMemory& memory, std::function<void(const void* interrupted)> written);
    ~CodePages();
    CodePages(const CodePages&) = delete;
    CodePages& operator=(const CodePages&) = delete;

    // The page of `address` holds translated code now. True if it was not watched before.
    bool protect(Gpa address);
    bool is_mixed(Gpa address) const;

    // While somebody else runs the guest nothing is watched: the pages can be written, and what they hold is remembered.
    void release();
    // Watches them again. Those that hold something else now are not; they are returned, and their translations must be
    // dropped. Mixed pages stay what they are throughout.
    std::vector<Gpa> retake();

    bool any_written() const { return m_written_count.load(std::memory_order_relaxed) != 0; }
    // The pages written since the last call; their translations must be dropped.
    std::vector<Gpa> take_written(Nanoseconds now);

private:
    enum class State : uint8_t { Plain, Protected, Written, Mixed };

    struct History {
        Nanoseconds last = 0; // when the last fault was found
        unsigned faults = 0;
    };

    struct Released {
        std::size_t page = 0;
        std::vector<std::byte> content; // empty: it was written before
    };

    friend struct FaultWatch; // the signal handler
    bool handle(const void* address, const void* interrupted);
    bool set_writable(std::size_t page, bool writable);

    std::byte* m_host;
    std::size_t m_pages;
    std::function<void(const void*)> m_on_written;
    std::unique_ptr<std::atomic<State>[]> m_states;
    std::vector<History> m_history;
    std::vector<Released> m_released;
    // What faulted, for take_written(); the states say the same when there are too many.
    std::array<std::atomic<uint32_t>, 64> m_written {};
    std::atomic<uint32_t> m_written_count { 0 };
};

}
