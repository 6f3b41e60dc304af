// Changes of ring without the monitor: INT n from ring 3 to ring 0, and IRET back (SDM 3A §6.12.1). They do what they did
// last time, when the monitor did it: the gate, the task-state segment and the descriptors of CS and SS are read where the
// processor would read them, and compared (inline_layout.hpp). The monitor says with `enabled` when it wants to be asked.
//
// What can fault or leads to the monitor comes first; what is done then changes nothing of the guest's but the memory
// below the new stack's top, and may be done again.
#include "strategies/rewriting/emission.hpp"

#include <cstddef>

namespace ringside::rewriting {

namespace {

// Offsets in a 32-bit task-state segment (SDM 3A figure 7-2), and in the frame that IRET pops.
constexpr uint8_t tss_esp0 = 4, tss_ss0 = 8;
constexpr uint8_t frame_eip = 0, frame_cs = 4, frame_flags = 8, frame_esp = 12, frame_ss = 16;

constexpr std::size_t member(std::size_t array, CodeRing ring, std::size_t offset)
{
    return array + (ring == CodeRing::Ring3 ? sizeof(SegmentRecord) : 0) + offset;
}

constexpr std::size_t code_of(CodeRing ring, std::size_t offset)
{
    return member(offsetof(CrossingRecord, code), ring, offset);
}

constexpr std::size_t stack_of(CodeRing ring, std::size_t offset)
{
    return member(offsetof(CrossingRecord, stack), ring, offset);
}

constexpr std::size_t selector_of(SegmentRegister which)
{
    return offsetof(VirtualState, selectors) + which * sizeof(uint32_t);
}

}

void Emission::interrupt(uint8_t vector)
{
    constexpr auto ring_0 = CodeRing::Ring0;
    put_down_ecx_edx();
    m_in_software = true;
    point(Recovery::EcxEdx, m_eip);
    std::size_t site = add_site(Site::Kind::Interrupt, Recovery::EcxEdx, m_eip);
    m_block.sites[site].vector = vector;
    leave_unless_valid(site);
    m_emitter.load(Ecx, m_area.crossing(offsetof(CrossingRecord, enabled)));
    leave_if_zero(site);
    m_emitter.load(Ecx, m_area.vector(vector, offsetof(VectorRecord, ready)));
    leave_if_zero(site);
    compare_descriptor(m_area.vector(vector, offsetof(VectorRecord, gate)), site);
    compare_descriptor(m_area.crossing(code_of(ring_0, offsetof(SegmentRecord, descriptor))), site);
    compare_descriptor(m_area.crossing(stack_of(ring_0, offsetof(SegmentRecord, descriptor))), site);
    m_emitter.load(Edx, m_area.crossing(offsetof(CrossingRecord, tss)));
    m_emitter.load_word_at_edx(tss_ss0);
    compare_selector(m_area.crossing(stack_of(ring_0, offsetof(SegmentRecord, minus_selector))), site);
    m_emitter.load(Edx, m_area.crossing(offsetof(CrossingRecord, tss)));
    m_emitter.load_at_edx(tss_esp0);
    m_emitter.store(slot(offsetof(Slots, esp)), Esp);
    point(Recovery::OtherStack, m_eip);
    for (unsigned byte : { 0x89, 0xCC }) // mov %ecx, %esp
        m_emitter.u8(byte);
    m_emitter.load_segment(Ss, m_area.crossing(stack_of(ring_0, offsetof(SegmentRecord, real))));
    push_interrupt_frame();
    m_emitter.load(Ecx, state(offsetof(VirtualState, interrupts)));
    m_emitter.load_indexed(Ecx, m_area.vector(vector, offsetof(VectorRecord, next_interrupts)));
    m_emitter.store(slot(offsetof(Slots, code)), Ecx);
    m_emitter.load(Ecx, m_area.vector(vector, offsetof(VectorRecord, handler)));
    m_emitter.store(slot(offsetof(Slots, target)), Ecx);
    m_in_software = false;
    point(Recovery::Entered, 0);
    show_ring(ring_0);
    m_emitter.load(Ecx, slot(offsetof(Slots, crossings)));
    m_emitter.add_to_ecx(1);
    m_emitter.store(slot(offsetof(Slots, crossings)), Ecx);
    m_emitter.load(Edx, slot(offsetof(Slots, edx)));
    m_emitter.load(Ecx, slot(offsetof(Slots, target)));
    jump_through_entry(ring_0);
}

void Emission::push_interrupt_frame()
{
    m_emitter.push(state(selector_of(Ss)));
    m_emitter.push(slot(offsetof(Slots, esp)));
    m_emitter.push_flags();
    correct_pushed_flags();
    m_emitter.push(state(selector_of(Cs)));
    m_emitter.push_constant(m_next);
}

// IF, CS and SS as the guest sees them.
void Emission::show_ring(CodeRing ring)
{
    m_emitter.load(Ecx, slot(offsetof(Slots, code)));
    m_emitter.store(state(offsetof(VirtualState, interrupts)), Ecx);
    m_emitter.load(Ecx, m_area.crossing(code_of(ring, offsetof(SegmentRecord, selector))));
    m_emitter.store(state(selector_of(Cs)), Ecx);
    m_emitter.load(Ecx, m_area.crossing(stack_of(ring, offsetof(SegmentRecord, selector))));
    m_emitter.store(state(selector_of(Ss)), Ecx);
}

void Emission::interrupt_return()
{
    constexpr auto ring_3 = CodeRing::Ring3;
    put_down_ecx_edx();
    point(Recovery::EcxEdx, m_eip);
    std::size_t site = add_site(Site::Kind::InterruptReturn, Recovery::EcxEdx, m_eip);
    leave_unless_valid(site);
    m_emitter.load(Ecx, m_area.crossing(offsetof(CrossingRecord, enabled)));
    leave_if_zero(site);
    m_emitter.load_word_at_esp(frame_cs);
    compare_selector(m_area.crossing(code_of(ring_3, offsetof(SegmentRecord, minus_selector))), site);
    m_emitter.load_word_at_esp(frame_ss);
    compare_selector(m_area.crossing(stack_of(ring_3, offsetof(SegmentRecord, minus_selector))), site);
    compare_descriptor(m_area.crossing(code_of(ring_3, offsetof(SegmentRecord, descriptor))), site);
    compare_descriptor(m_area.crossing(stack_of(ring_3, offsetof(SegmentRecord, descriptor))), site);
    check_return_segments(site);
    check_return_flags(site);
    m_emitter.load_at_esp(frame_eip);
    m_emitter.store(slot(offsetof(Slots, target)), Ecx);
    m_emitter.load_at_esp(frame_esp);
    m_emitter.store(slot(offsetof(Slots, user_esp)), Ecx);
    m_emitter.store(slot(offsetof(Slots, esp)), Esp);
    point(Recovery::OtherStack, m_eip);
    m_emitter.add_to_esp(frame_flags);
    m_emitter.pop_flags();
    point(Recovery::Left, 0);
    show_ring(ring_3);
    m_emitter.load_segment(Ss, m_area.crossing(stack_of(ring_3, offsetof(SegmentRecord, real))));
    m_emitter.load(Esp, slot(offsetof(Slots, user_esp)));
    m_emitter.load(Edx, slot(offsetof(Slots, edx)));
    m_emitter.load(Ecx, slot(offsetof(Slots, target)));
    jump_through_entry(ring_3);
}

// Nothing unusual among them (popf_codes, high_flag_codes), and no interrupt that waits for IF. Leaves the InterruptCode.
void Emission::check_return_flags(std::size_t site)
{
    m_emitter.load_byte_at_esp(frame_flags + 1);
    m_emitter.load_byte_indexed(m_area.popf_codes());
    leave_if_zero(site);
    m_emitter.store(slot(offsetof(Slots, code)), Ecx);
    m_emitter.load_indexed(Ecx, state(offsetof(VirtualState, may_go_on)));
    leave_if_zero(site);
    m_emitter.load_byte_at_esp(frame_flags + 2);
    m_emitter.load_byte_indexed(m_area.high_flag_codes());
    leave_if_zero(site);
}

// Ring 3 may have what is in DS, ES, FS and GS: none of them needs to be emptied (SDM 2A "IRET"), and what the host has in
// their place ends where ring 3 ends.
void Emission::check_return_segments(std::size_t site)
{
    for (unsigned which : { Ds, Es, Fs, Gs }) {
        if (which == Gs)
            m_emitter.load_word(state(offsetof(VirtualState, real_gs)));
        else
            m_emitter.ecx_from_segment(which);
        m_emitter.load_byte_indexed(m_area.safe_selectors());
        leave_if_zero(site);
    }
}

}
