#include "strategies/native/real_segments.hpp"

#include "core/x86/segment_load.hpp"

namespace ringside {

void RealSegments::follow(const CpuState& state, uint64_t end)
{
    bool all = end != m_end;
    for (int round = 0; round < 2; ++round) {
        for (unsigned which = 0; which < m_real.size(); ++which) {
            if (!all && m_followed[which] == state.segments[which])
                continue;
            m_real[which] = m_ldt.selector_for(state.segments[which], end);
            m_followed[which] = state.segments[which];
        }
        // A slot was taken from another segment: perhaps from one that is in a register.
        if (m_ldt.generation() == m_generation)
            break;
        m_generation = m_ldt.generation();
        all = true;
    }
    m_end = end;
}

void RealSegments::adopt(GuestMemory& memory, CpuState& state, const Selectors& found)
{
    if (found == m_real) [[likely]]
        return;
    for (unsigned which = 0; which < found.size(); ++which) {
        if (found[which] == m_real[which])
            continue;
        adopt_one(memory, state, static_cast<SegmentRegister>(which), found[which]);
        // What is really there is not what follow() put there.
        m_followed[which] = {};
        m_real[which] = found[which];
    }
}

// A slot's descriptor always has DPL 3 on the host; its guest segment may belong to ring 0, which ring 3 could not have
// loaded (SDM 3A §5.6).
void RealSegments::adopt_one(GuestMemory& memory, CpuState& state, SegmentRegister which, uint16_t found)
{
    Segment& segment = state.segment(which);
    if ((found & 0xFFFC) == 0) {
        segment = { found, 0, 0, 0 };
        return;
    }
    if (auto loaded = m_ldt.guest_segment(found)) {
        bool allowed = which == Cs || which == Ss ? loaded->dpl() == segment.dpl() : loaded->dpl() >= state.cpl();
        segment = allowed ? *loaded : Segment {};
        return;
    }
    // One of the host's own. The guest meant its own table's.
    if (which == Cs || load_segment(state, memory, which, Selector { found }))
        segment = which == Cs ? segment : Segment {};
}

}
