// System registers that are the guest's own affair until the monitor needs them: the places of the descriptor tables, CR0.TS
// while no translation depends on it, and what CPUID answers.
#include "strategies/rewriting/emission.hpp"

#include <cstddef>

namespace ringside::rewriting {

namespace {

constexpr uint8_t base_offset = 2; // in what LGDT loads, behind the limit (SDM 3A figure 2-6)

uint8_t segment_prefix(ZydisRegister segment)
{
    switch (segment) {
    case ZYDIS_REGISTER_ES:
        return 0x26;
    case ZYDIS_REGISTER_CS:
        return 0x2E;
    case ZYDIS_REGISTER_SS:
        return 0x36;
    case ZYDIS_REGISTER_FS:
        return 0x64;
    default:
        return 0x3E;
    }
}

bool is_plain(const Instruction& instruction)
{
    return instruction.info.operand_width == 32 && instruction.info.address_width == 32
        && !(instruction.info.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS);
}

}

// LEA of the operand to ECX.
void Emission::point_at_operand(const Instruction& instruction, std::span<const uint8_t> bytes)
{
    put_down_ecx_edx();
    m_emitter.operand_to_ecx({ 0x8D }, bytes.subspan(instruction.info.raw.modrm.offset));
    point(Recovery::EcxEdx, m_eip);
}

bool Emission::load_table(const Instruction& instruction, std::span<const uint8_t> bytes, unsigned table)
{
    if (!is_plain(instruction))
        return false;
    uint8_t segment = segment_prefix(instruction.operands[0].mem.segment);
    point_at_operand(instruction, bytes);
    m_emitter.load_edx_word_at_ecx(segment, 0);
    m_emitter.store(slot(offsetof(Slots, code)), Edx);
    m_emitter.load_edx_at_ecx(segment, base_offset);
    m_emitter.store(slot(offsetof(Slots, real)), Edx);
    point(Recovery::TableLoaded, m_next);
    m_block.points.back().which = table & 7;
    m_emitter.store(state(offsetof(VirtualState, table_bases) + table * sizeof(uint32_t)), Edx);
    m_emitter.load(Edx, slot(offsetof(Slots, code)));
    m_emitter.store(state(offsetof(VirtualState, table_limits) + table * sizeof(uint32_t)), Edx);
    m_emitter.store_constant(state(offsetof(VirtualState, records_valid)), 0);
    take_back_ecx_edx();
    return true;
}

bool Emission::store_table(const Instruction& instruction, std::span<const uint8_t> bytes, unsigned table)
{
    if (!is_plain(instruction))
        return false;
    uint8_t segment = segment_prefix(instruction.operands[0].mem.segment);
    point_at_operand(instruction, bytes);
    m_emitter.load(Edx, state(offsetof(VirtualState, table_limits) + table * sizeof(uint32_t)));
    m_emitter.store_dx_at_ecx(segment, 0);
    m_emitter.load(Edx, state(offsetof(VirtualState, table_bases) + table * sizeof(uint32_t)));
    m_emitter.store_edx_at_ecx(segment, base_offset);
    take_back_ecx_edx();
    point(Recovery::Boundary, m_next);
    return true;
}

// CR0.TS may be changed while no translation depends on it.
std::size_t Emission::begin_task_switched()
{
    put_down_ecx_edx();
    point(Recovery::EcxEdx, m_eip);
    std::size_t site = add_site(Site::Kind::Emulate, Recovery::EcxEdx, m_eip);
    m_emitter.load(Ecx, m_area.system(offsetof(SystemRecord, ts_is_free)));
    leave_if_zero(site);
    return site;
}

// ECX is the new CR0; the guest's EDX is where it belongs.
void Emission::end_task_switched()
{
    m_emitter.store(state(offsetof(VirtualState, control)), Ecx);
    point(Recovery::EcxEdx, m_next);
    m_emitter.load(Ecx, slot(offsetof(Slots, ecx)));
}

// Only CR0.TS may change: the value is one of two.
void Emission::write_cr0(unsigned reg)
{
    std::size_t site = begin_task_switched();
    copy_to_ecx(reg);
    m_emitter.load(Edx, m_area.system(offsetof(SystemRecord, minus_cr0)));
    m_emitter.add_edx_to_ecx();
    auto clear = m_emitter.skip_if_ecx_zero();
    m_emitter.add_to_ecx(0 - cr0::ts);
    leave_unless_zero(site);
    m_emitter.land(clear);
    m_emitter.load(Edx, slot(offsetof(Slots, edx)));
    copy_to_ecx(reg);
    end_task_switched();
}

// A register of the guest's; only ECX is not where it was.
void Emission::copy_to_ecx(unsigned reg)
{
    if (reg == Ecx)
        return m_emitter.load(Ecx, slot(offsetof(Slots, ecx)));
    m_emitter.u8(0x89); // mov %reg, %ecx
    m_emitter.u8(0xC1 | reg << 3);
}

void Emission::clear_task_switched()
{
    begin_task_switched();
    m_emitter.load(Ecx, m_area.system(offsetof(SystemRecord, cr0)));
    end_task_switched();
}

// No leaf has subleaves (core/x86/cpuid.hpp). EAX, which is asked for, comes last.
bool Emission::identify()
{
    if (m_next_answer >= MonitorArea::cpuid_records)
        return false;
    uint16_t record = m_next_answer++;
    ++m_block.answers;
    auto place = [&](std::size_t offset) { return m_area.answer(record, offset); };
    put_down_ecx_edx();
    point(Recovery::EcxEdx, m_eip);
    std::size_t site = add_site(Site::Kind::Identify, Recovery::EcxEdx, m_eip);
    m_block.sites[site].record = record;
    copy_to_ecx(Eax);
    m_emitter.load(Edx, place(offsetof(CpuidRecord, minus_leaf)));
    m_emitter.add_edx_to_ecx();
    leave_unless_zero(site);
    m_emitter.load(Ecx, place(offsetof(CpuidRecord, known)));
    leave_if_zero(site);
    m_emitter.load(Ebx, place(offsetof(CpuidRecord, ebx)));
    m_emitter.load(Edx, place(offsetof(CpuidRecord, edx)));
    m_emitter.load(Ecx, place(offsetof(CpuidRecord, ecx)));
    m_emitter.load(Eax, place(offsetof(CpuidRecord, eax)));
    point(Recovery::Boundary, m_next);
    return true;
}

// The host's counter and an offset of 64 bits. No instruction of IA-32 adds a carry and leaves the flags alone, so 16 bits
// are added at a time, and what is above them is carried over:
//
//   code  the host's low 32 bits; then the sum's bits 16 to 31, and its carry
//   real  the sum's bits 0 to 15, and their carry; then its low 32 bits
void Emission::read_time_stamp()
{
    constexpr uint32_t half = 2;
    auto offset_part = [&](std::size_t part) {
        return m_area.system(offsetof(SystemRecord, time_stamp_offset) + part * sizeof(uint32_t));
    };
    put_down_ecx_edx();
    m_emitter.store(slot(offsetof(Slots, eax)), Eax);
    point(Recovery::EaxEcxEdx, m_eip);
    m_emitter.read_time_stamp();
    m_emitter.store(slot(offsetof(Slots, code)), Eax);
    m_emitter.load_word(slot(offsetof(Slots, code)));
    m_emitter.load(Eax, offset_part(0));
    m_emitter.add_eax_to_ecx();
    m_emitter.store(slot(offsetof(Slots, real)), Ecx);
    m_emitter.load_word(slot(offsetof(Slots, code) + half));
    m_emitter.load_word_to_eax(slot(offsetof(Slots, real) + half));
    m_emitter.add_eax_to_ecx();
    m_emitter.load(Eax, offset_part(1));
    m_emitter.add_eax_to_ecx();
    m_emitter.store_cx(slot(offsetof(Slots, real) + half));
    m_emitter.store(slot(offsetof(Slots, code)), Ecx);
    m_emitter.load_word(slot(offsetof(Slots, code) + half));
    m_emitter.load(Eax, offset_part(2));
    m_emitter.add_eax_to_ecx();
    m_emitter.add_ecx_to_edx();
    m_emitter.load(Eax, slot(offsetof(Slots, real)));
    point(Recovery::Ecx, m_next);
    m_emitter.load(Ecx, slot(offsetof(Slots, ecx)));
}

}
