// Instructions that look harmless and reach a device: each access is a page fault of the host, which costs more than twenty
// calls of the monitor. One that has trapped a few times is translated into a call (adaptive binary translation: Adams & Agesen
// 2006, section 3.3).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

namespace ringside::rewriting {

class DeviceAccesses {
public:
    // The instruction at `offset` in this frame of guest memory has trapped and reached a device. True when it is to be
    // translated anew.
    bool note(uint32_t frame, uint16_t offset)
    {
        constexpr unsigned patience = 3;
        Frame& known = m_frames[frame];
        if (++known.traps[offset] < patience)
            return false;
        if (known.traps[offset] == patience)
            known.often.push_back(offset);
        return true;
    }
    // Those that do so often. Other code may lie there since: a call executes whatever is there.
    std::span<const uint16_t> of_frame(uint32_t frame) const
    {
        auto found = m_frames.find(frame);
        return found == m_frames.end() ? std::span<const uint16_t> {} : std::span<const uint16_t> { found->second.often };
    }

private:
    struct Frame {
        std::map<uint16_t, unsigned> traps;
        std::vector<uint16_t> often;
    };
    std::unordered_map<uint32_t, Frame> m_frames;
};

}
