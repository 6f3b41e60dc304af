// Segments and rings: what the guest has changed by itself since it was entered, and what the host's registers become.
#include "strategies/rewriting/rewriting_cpu.hpp"

#include <algorithm>

namespace ringside::rewriting {

// Where m_stop_ring says the guest is, with these selectors in the host's registers. FS and GS are in memory: FS may be
// playing GS.
void RewritingCpu::adopt_segments(const RealSegments::Selectors& found)
{
    if (m_stop_direct)
        return NativeCpu::adopt_segments(found);
    count_crossings();
    if (m_stop_ring != ring()) {
        m_state.segment(Cs) = m_records->code(m_stop_ring);
        m_state.segment(Ss) = m_records->stack(m_stop_ring);
    }
    if (found[Ss] != m_segments.selectors()[Ss])
        m_segments.set(Ss, {}, found[Ss]);
    const volatile VirtualState& shown = m_area->state();
    auto adopt = [&](SegmentRegister which, uint16_t real, uint16_t expected) {
        auto selector = static_cast<uint16_t>(shown.selectors[which]);
        if (real != expected || selector != m_state.segment(which).selector) [[unlikely]]
            adopt_segment(which, real, selector);
    };
    adopt(Ds, found[Ds], m_segments.selectors()[Ds]);
    adopt(Es, found[Es], m_segments.selectors()[Es]);
    adopt(Fs, shown.real_fs, m_segments.selectors()[Fs]);
    adopt(Gs, shown.real_gs, m_real_gs);
}

// The guest has loaded it, by this selector, and the host's is that one.
void RewritingCpu::adopt_segment(SegmentRegister which, uint16_t real, uint16_t selector)
{
    auto loaded = m_segments.ldt().guest_segment(real);
    m_state.segment(which) = loaded ? *loaded : Segment {};
    if (loaded || real == 0)
        m_state.segment(which).selector = selector;
    if (which != Gs)
        m_segments.set(which, {}, real);
}

// System calls that did not come to the monitor: the stay in ring 3 is another one, too.
void RewritingCpu::count_crossings()
{
    uint32_t calls = m_area->slots().crossings - m_crossings;
    if (calls == 0) [[likely]]
        return;
    m_crossings += calls;
    m_calls.crossings += calls;
    auto& entries = m_engine.recorder().block().ring_entries;
    entries[3][0] += calls;
    entries[0][3] += calls;
    m_separation.begin_again();
}

void RewritingCpu::make_segments_real()
{
    // For translations two of them are the monitor's; what follow() remembers of them is not true for ring 3's own code.
    if (runs_direct()) {
        m_segments.set(Cs, {}, 0);
        m_segments.set(Gs, {}, 0);
    }
    NativeCpu::make_segments_real();
    const auto& real = m_segments.selectors();
    follow_gs();
    m_area->state().real_fs = real[Fs];
    m_area->state().real_gs = m_real_gs;
    if (!runs_direct()) {
        m_segments.set(Cs, m_state.segment(Cs), host_code_32);
        m_segments.set(Gs, m_state.segment(Gs), host_data);
    }
    if (m_tlb.concealed())
        m_area->conceal(runs_direct() ? MonitorArea::Hidden::All : MonitorArea::Hidden::Ring0);
    else
        m_area->reveal();
    follow_records();
}

// The register is the monitor's, so m_segments does not know it.
void RewritingCpu::follow_gs()
{
    RealGsBase base { m_segments.end(), m_segments.ldt().generation() };
    if (base == m_gs_base && m_followed_gs == m_state.segment(Gs)) [[likely]]
        return;
    m_followed_gs = m_state.segment(Gs);
    m_real_gs = m_segments.ldt().selector_for(m_followed_gs, m_segments.end());
    m_gs_base = { m_segments.end(), m_segments.ldt().generation() };
}

// About the tables that the guest has now.
InlineRecords& RewritingCpu::records()
{
    m_records->follow(m_state, { m_boundary, m_segments.ldt().generation() });
    return *m_records;
}

// Whether the guest may change the ring by itself: only between short segments and none, and while nothing is special.
void RewritingCpu::follow_records()
{
    records().note_cr0(m_state.cr0, !m_cache->any_depends_on_mode());
    m_area->state().records_valid = 1;
    const std::array real { std::pair { Ds, m_segments.selectors()[Ds] }, std::pair { Es, m_segments.selectors()[Es] },
        std::pair { Fs, m_segments.selectors()[Fs] }, std::pair { Gs, m_real_gs } };
    bool truncated = m_boundary <= m_end && !m_tlb.concealed();
    bool all_played = std::ranges::all_of(real, [this](const auto& one) {
        return one.second != 0 || (m_state.segment(one.first).selector & 0xFFFC) == 0;
    });
    constexpr uint32_t special = eflags::nt | eflags::tf | eflags::vif | eflags::vip | eflags::iopl;
    bool allowed = m_user_code == UserCode::Rewritten && truncated && all_played && !m_kernel_uses_program_segments && !m_boundary_stale
        && !m_separation.stays_long() && !m_tlb.has_supervisor_pages_below(m_boundary) && !(m_state.eflags & special)
        && !m_state.nmi_blocked && !m_engine.recorder().wants_ring_changes();
    if (truncated && m_state.cpl() == 3) {
        for (const auto& one : real)
            m_records->note_safe(one.second);
    }
    m_records->allow(allowed);
}

void RewritingCpu::reveal_kernel()
{
    NativeCpu::reveal_kernel();
    m_area->reveal();
}

// --- What the monitor has just done, for the next time ---

void RewritingCpu::note_load(const Site& site)
{
    auto which = static_cast<SegmentRegister>(site.segment);
    const Segment& segment = m_state.segment(which);
    bool of_programs = segment.dpl() == 3 && m_boundary <= m_end && !m_kernel_uses_program_segments;
    uint16_t real = m_segments.ldt().selector_for(segment, of_programs ? m_boundary : m_end);
    records().note_load(site.record, m_state, which, real);
    if (of_programs)
        m_records->note_safe(real);
}

// Ring 3 cannot read what lies below the boundary while ring 0's pages there are taken away.
void RewritingCpu::note_entry(uint8_t vector)
{
    uint64_t lowest = std::min({ m_state.gdtr.base, m_state.idtr.base, m_state.tr.base, m_state.gpr[Esp] });
    if (lowest < m_boundary)
        return;
    uint16_t real = m_segments.ldt().selector_for(m_state.segment(Ss), m_end);
    records().note_entry(vector, m_state, real);
}

void RewritingCpu::note_return()
{
    if (m_boundary > m_end || m_boundary_stale)
        return;
    uint16_t real = m_segments.ldt().selector_for(m_state.segment(Ss), m_boundary);
    records().note_return(m_state, real);
}

// A kernel that works in its programs' segments would be stopped at each access to its own data: then it gets its segments
// from the monitor again.
void RewritingCpu::notice_strain(int exception)
{
    constexpr unsigned enough = 16;
    auto safe = m_area->safe_selector_table();
    auto short_one = [&](uint16_t real) { return real != 0 && safe[real] != 0; };
    if ((exception == GP || exception == SS) && ring() == CodeRing::Ring0
        && (short_one(ringside_world.ds) || short_one(ringside_world.es)) && ++m_strain >= enough)
        m_kernel_uses_program_segments = true;
}

}
