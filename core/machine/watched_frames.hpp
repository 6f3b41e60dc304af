// Which frames of guest memory were written on the guest's behalf: by the monitor's emulation of an instruction, by the
// delivery of an interrupt, by a device. Whoever keeps something that was derived from memory (translated code) watches
// the frames that it came from.
#pragma once

#include "core/machine/address.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace ringside {

class WatchedFrames {
public:
    explicit WatchedFrames(uint64_t memory_bytes) : m_watched(memory_bytes / page_size) { }

    void watch(uint32_t frame, bool watched) { m_watched[frame] = watched; }
    bool watches(uint64_t frame) const { return frame < m_watched.size() && m_watched[frame]; }

    // Somebody got write access to these bytes.
    void note(Gpa base, uint64_t length)
    {
        uint64_t last = (base.value + length - 1) / page_size;
        for (uint64_t frame = base.value / page_size; frame <= last; ++frame) {
            if (watches(frame))
                m_touched.push_back(static_cast<uint32_t>(frame));
        }
    }
    bool any_touched() const { return !m_touched.empty(); }
    // Frame numbers, perhaps several times; forgets them.
    std::vector<uint32_t> take_touched() { return std::exchange(m_touched, {}); }

private:
    std::vector<bool> m_watched;
    std::vector<uint32_t> m_touched;
};

}
