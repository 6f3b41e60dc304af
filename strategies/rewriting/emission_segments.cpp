// Loads of DS, ES, FS and GS in ring 0. A load that does what it did last time needs no monitor: the selector is the one in
// the place's SegmentRecord, and so is the descriptor in the guest's table, which is read as the processor would read it
// (SDM 3A §3.4.3). DS and ES are the host's registers, FS too; the guest's GS is a selector in memory.
#include "strategies/rewriting/emission.hpp"

#include <cstddef>

namespace ringside::rewriting {

namespace {

constexpr unsigned index_of(const ZydisDecodedOperand& segment)
{
    return static_cast<unsigned>(segment.reg.value - ZYDIS_REGISTER_ES);
}

// MOVZX to ECX.
void read_operand(Emitter& emitter, const Instruction& instruction, std::span<const uint8_t> bytes)
{
    auto modrm = instruction.info.raw.modrm.offset;
    for (uint8_t prefix : bytes.first(modrm - 1u)) {
        if (prefix != 0x66)
            emitter.u8(prefix);
    }
    emitter.operand_to_ecx({ 0x0F, 0xB7 }, bytes.subspan(modrm));
}

}

bool Emission::load_segment(const Instruction& instruction, std::span<const uint8_t> bytes)
{
    bool pops = instruction.info.mnemonic == ZYDIS_MNEMONIC_POP;
    if (m_next_record >= MonitorArea::segment_records || (instruction.info.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS))
        return false;
    unsigned which = index_of(instruction.operands[0]);
    uint16_t record = m_next_record++;
    ++m_block.records;
    auto place = [&](std::size_t offset) { return m_area.segment(record, offset); };

    put_down_ecx_edx();
    if (pops)
        m_emitter.load_word_at_esp(0);
    else
        read_operand(m_emitter, instruction, bytes);
    m_emitter.store(slot(offsetof(Slots, code)), Ecx);
    point(Recovery::EcxEdx, m_eip);
    std::size_t site = add_site(Site::Kind::SegmentLoad, Recovery::EcxEdx, m_eip);
    m_block.sites[site].segment = static_cast<uint8_t>(which);
    m_block.sites[site].record = record;
    leave_unless_valid(site);
    m_emitter.load(Ecx, slot(offsetof(Slots, code)));
    compare_selector(place(offsetof(SegmentRecord, minus_selector)), site);
    compare_descriptor(place(offsetof(SegmentRecord, descriptor)), site);
    m_emitter.load(Ecx, place(offsetof(SegmentRecord, real)));
    m_emitter.store(slot(offsetof(Slots, real)), Ecx);
    if (which == Fs) { // a null selector takes the host's processor long
        m_emitter.ecx_from_segment(Fs);
        m_emitter.load(Edx, place(offsetof(SegmentRecord, minus_real)));
        m_emitter.add_edx_to_ecx();
        m_emitter.load(Edx, place(offsetof(SegmentRecord, selector)));
        m_emitter.store(slot(offsetof(Slots, code)), Edx);
        auto same = m_emitter.skip_if_ecx_zero();
        m_emitter.load_segment(Fs, place(offsetof(SegmentRecord, real)));
        m_emitter.land(same);
    } else {
        m_emitter.load(Edx, place(offsetof(SegmentRecord, selector)));
        m_emitter.store(slot(offsetof(Slots, code)), Edx);
        if (which != Gs)
            m_emitter.load_segment(which, place(offsetof(SegmentRecord, real)));
    }
    point(pops ? Recovery::SegmentPopped : Recovery::SegmentLoaded, m_next);
    m_block.points.back().which = which & 7;
    if (which == Fs || which == Gs) {
        m_emitter.load(Ecx, slot(offsetof(Slots, real)));
        m_emitter.store(state(which == Fs ? offsetof(VirtualState, real_fs) : offsetof(VirtualState, real_gs)), Ecx);
    }
    m_emitter.store(state(offsetof(VirtualState, selectors) + which * sizeof(uint32_t)), Edx);
    if (pops)
        m_emitter.add_to_esp(4);
    point(Recovery::EcxEdx, m_next);
    take_back_ecx_edx();
    return true;
}

// The records are about the tables that the guest has.
void Emission::leave_unless_valid(std::size_t site)
{
    m_emitter.load(Ecx, state(offsetof(VirtualState, records_valid)));
    leave_if_zero(site);
}

// ECX is a selector.
void Emission::compare_selector(uint32_t minus_selector, std::size_t site)
{
    m_emitter.load(Edx, minus_selector);
    m_emitter.add_edx_to_ecx();
    leave_unless_zero(site);
}

void Emission::compare_descriptor(uint32_t record, std::size_t site)
{
    m_emitter.load(Edx, record + static_cast<uint32_t>(offsetof(DescriptorRecord, address)));
    m_emitter.load_at_edx(0);
    m_emitter.load(Edx, record + static_cast<uint32_t>(offsetof(DescriptorRecord, minus_low)));
    m_emitter.add_edx_to_ecx();
    leave_unless_zero(site);
    m_emitter.load(Edx, record + static_cast<uint32_t>(offsetof(DescriptorRecord, address)));
    m_emitter.load_at_edx(4);
    m_emitter.load(Edx, record + static_cast<uint32_t>(offsetof(DescriptorRecord, minus_high)));
    m_emitter.add_edx_to_ecx();
    leave_unless_zero(site);
}

void Emission::leave_unless_zero(std::size_t site)
{
    auto equal = m_emitter.skip_if_ecx_zero();
    m_stubs.push_back({ site, m_emitter.jump(), Recovery::EcxEdx, m_eip });
    m_emitter.land(equal);
}

void Emission::leave_if_zero(std::size_t site)
{
    m_stubs.push_back({ site, m_emitter.jump_if_ecx_zero(), Recovery::EcxEdx, m_eip });
}

}
