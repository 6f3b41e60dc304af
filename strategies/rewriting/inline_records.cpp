#include "strategies/rewriting/inline_records.hpp"

#include "core/x86/descriptors.hpp"
#include "core/x86/linear_memory.hpp"

#include <algorithm>
#include <utility>

namespace ringside::rewriting {

namespace {

// The guest's own memory is at this address and behind it, as far as `bytes`; not the monitor's.
bool is_reachable(uint32_t address, uint32_t bytes)
{
    return uint64_t { address } + bytes <= MonitorArea::base;
}

DescriptorRecord record_of(uint32_t address, uint64_t raw)
{
    return { address, 0 - static_cast<uint32_t>(raw), 0 - static_cast<uint32_t>(raw >> 32) };
}

}

void InlineRecords::follow(const CpuState& state, const Base& base)
{
    Tables tables { state.gdtr, state.idtr, state.ldtr, state.tr };
    if (base == m_base && tables == m_tables) [[likely]]
        return;
    forget();
    m_base = base;
    m_tables = tables;
}

void InlineRecords::forget()
{
    allow(false);
    if (std::exchange(m_empty, true))
        return;
    m_known = {};
    for (uint16_t record = 0; record < m_records; ++record)
        m_area.segment(record).minus_selector = SegmentRecord::no_selector;
    m_records = 0;
    for (unsigned vector = 0; vector < 256; ++vector)
        m_area.vector(static_cast<uint8_t>(vector)).ready = 0;
    auto safe = m_area.safe_selector_table();
    std::fill(safe.begin(), safe.begin() + 1024, uint8_t { 0 }); // more the LDT does not have
}

bool InlineRecords::find(const CpuState& state, const Segment& segment, DescriptorRecord& found) const
{
    Selector selector { segment.selector };
    if (selector.is_null()) {
        found = { m_area.zero(), 0, 0 };
        return segment.attributes == 0;
    }
    FoundDescriptor there;
    if (find_descriptor(m_memory, state, selector, Fault {}, there))
        return false;
    found = record_of(there.address.value, there.descriptor.raw);
    return is_reachable(there.address.value, sizeof(uint64_t)) && there.descriptor.segment_register(selector) == segment;
}

void InlineRecords::write(volatile DescriptorRecord& to, const DescriptorRecord& from)
{
    to.address = from.address;
    to.minus_low = from.minus_low;
    to.minus_high = from.minus_high;
}

void InlineRecords::write(volatile SegmentRecord& to, const DescriptorRecord& descriptor, uint16_t selector, uint16_t real)
{
    to.minus_selector = 0u - selector;
    write(to.descriptor, descriptor);
    to.selector = selector;
    to.real = real;
    to.minus_real = 0u - real;
}

void InlineRecords::note_load(uint16_t record, const CpuState& state, SegmentRegister which, uint16_t real)
{
    const Segment& segment = state.segment(which);
    DescriptorRecord found;
    bool playable = real != 0 || Selector { segment.selector }.is_null();
    if (record >= MonitorArea::segment_records || !playable || !find(state, segment, found))
        return;
    write(m_area.segment(record), found, segment.selector, real);
    m_records = std::max<uint16_t>(m_records, record + 1);
    m_empty = false;
}

void InlineRecords::note_entry(uint8_t vector, const CpuState& state, uint16_t real_stack)
{
    LinearMemory linear(m_memory, state);
    uint32_t offset = vector * 8u;
    uint64_t raw = 0;
    if (offset + 7 > state.idtr.limit || linear.read(Gla { state.idtr.base + offset }, raw, Privilege::Supervisor))
        return;
    Descriptor gate { raw };
    bool closes = gate.is(SystemType::InterruptGate32);
    bool usable = (closes || gate.is(SystemType::TrapGate32)) && gate.is_present() && gate.dpl() == 3
        && gate.gate_offset() == state.eip && (gate.gate_selector().value | 3) == (state.segment(Cs).selector | 3);
    Descriptor tss { uint64_t { state.tr.attributes } << 40 };
    constexpr uint32_t stack_end = 12; // of ESP0 and SS0 (SDM 3A figure 7-2)
    if (!usable || !tss.is(SystemType::BusyTss32) || state.tr.limit < stack_end - 1)
        return;
    if (!is_reachable(state.idtr.base + offset, sizeof(raw)) || !is_reachable(state.tr.base, stack_end))
        return;
    note_ring(CodeRing::Ring0, state, real_stack);
    m_area.crossing().tss = state.tr.base;
    volatile VectorRecord& noted = m_area.vector(vector);
    write(noted.gate, record_of(state.idtr.base + offset, raw));
    noted.handler = gate.gate_offset();
    noted.next_interrupts[interrupts_off] = interrupts_off;
    noted.next_interrupts[interrupts_on] = closes ? interrupts_off : interrupts_on;
    noted.ready = 1;
    m_empty = false;
}

void InlineRecords::note_return(const CpuState& state, uint16_t real_stack)
{
    note_ring(CodeRing::Ring3, state, real_stack);
}

void InlineRecords::note_ring(CodeRing ring, const CpuState& state, uint16_t real_stack)
{
    const Segment &code = state.segment(Cs), &stack = state.segment(Ss);
    DescriptorRecord of_code, of_stack;
    bool known = real_stack != 0 && code.is_flat() && stack.is_flat() && find(state, code, of_code) && find(state, stack, of_stack);
    m_known[index(ring)] = known;
    m_empty = false;
    if (!known)
        return;
    m_code[index(ring)] = code;
    m_stack[index(ring)] = stack;
    write(m_area.crossing().code[index(ring)], of_code, code.selector, 0);
    write(m_area.crossing().stack[index(ring)], of_stack, stack.selector, real_stack);
}

void InlineRecords::note_answer(uint16_t record, uint32_t leaf, const CpuState& state)
{
    if (record >= MonitorArea::cpuid_records)
        return;
    volatile CpuidRecord& noted = m_area.answer(record);
    noted.minus_leaf = 0u - leaf;
    noted.eax = state.gpr[Eax];
    noted.ebx = state.gpr[Ebx];
    noted.ecx = state.gpr[Ecx];
    noted.edx = state.gpr[Edx];
    noted.known = 1;
}

void InlineRecords::note_cr0(uint32_t cr0, bool ts_is_free)
{
    uint32_t without_ts = cr0 & ~cr0::ts;
    if (m_area.system().cr0 == without_ts && m_area.system().ts_is_free == uint32_t { ts_is_free })
        return;
    m_area.system().cr0 = without_ts;
    m_area.system().minus_cr0 = 0u - without_ts;
    m_area.system().ts_is_free = ts_is_free;
}

void InlineRecords::note_time_stamp_offset(uint64_t ahead)
{
    if (ahead == std::exchange(m_time_stamp_offset, ahead)) [[likely]]
        return;
    volatile auto& parts = m_area.system().time_stamp_offset;
    parts[0] = ahead & 0xFFFF;
    parts[1] = ahead >> 16 & 0xFFFF;
    parts[2] = static_cast<uint32_t>(ahead >> 32);
}

void InlineRecords::note_safe(uint16_t real)
{
    m_area.safe_selector_table()[real] = 1;
    m_empty = false;
}

void InlineRecords::allow(bool allowed)
{
    m_area.crossing().enabled = allowed && m_known[0] && m_known[1];
}

}
