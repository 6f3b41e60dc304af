#include "tests/differential/cases.hpp"

#include <iterator>

namespace ringside::test {

namespace {

constexpr uint8_t operand_size_prefix = 0x66, address_size_prefix = 0x67, lock_prefix = 0xF0, repne_prefix = 0xF2,
                  rep_prefix = 0xF3;
constexpr uint8_t segment_prefixes[] { 0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65 }; // in the order of SegmentRegister

}

// Values around the places where flags change.
uint32_t CaseMaker::interesting()
{
    constexpr uint32_t values[] { 0, 1, 2, 9, 10, 0x0F, 0x10, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000,
        0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF };
    return one_in(2) ? random() : values[below(std::size(values))];
}

uint32_t CaseMaker::data_offset()
{
    uint32_t offset = 0x2000 + below(0xB000);
    return one_in(6) ? (offset | 0xFFF) - below(8) : offset; // across two pages, perhaps
}

// Behind the instruction, where INT3 is.
uint32_t CaseMaker::code_offset()
{
    uint32_t eip = m_case.state.eip + 16 + below(32);
    branches_to(eip);
    return eip;
}

void CaseMaker::branches_to(uint32_t eip)
{
    m_case.targets.push_back(eip);
    m_case.targets.push_back(eip & 0xFFFF); // with a 16-bit operand
}

uint32_t CaseMaker::random_selector()
{
    if (m_setting.selectors.empty() || one_in(8))
        return random() & 0xFFFF;
    return m_setting.selectors[below(static_cast<uint32_t>(m_setting.selectors.size()))];
}

uint32_t CaseMaker::far_selector()
{
    for (;;) {
        uint32_t selector = random_selector();
        if ((selector & ~7u) != m_setting.task_selector)
            return selector;
    }
}

void CaseMaker::fill_registers()
{
    CpuState& state = m_case.state;
    for (auto& value : state.gpr)
        value = interesting();
    uint32_t junk = state.segment(Ss).is_big() ? 0 : random() << 16; // above a 16-bit stack pointer
    uint32_t aligned = 0x8000 + 4 * below(0x400);
    state.gpr[Esp] = junk | (aligned + (one_in(8) ? below(4) : 0));
    state.gpr[Ebp] = junk | (0x8000 + 4 * below(0x800));
    constexpr uint32_t status = eflags::cf | eflags::pf | eflags::af | eflags::zf | eflags::sf | eflags::of;
    uint32_t variable = status | (m_setting.host_program ? 0 : eflags::id);
    uint32_t chosen = random() & variable;
    state.eflags = chosen | eflags::fixed | m_setting.fixed_flags | (one_in(4) ? eflags::df : 0);
}

void CaseMaker::choose_prefixes()
{
    const Form& form = *m_case.form;
    bool big = m_case.state.segment(Cs).is_big();
    bool resize = one_in(3), readdress = one_in(5);
    m_operand_32 = big != resize;
    m_address_32 = big != readdress;
    m_override = one_in(5) ? static_cast<int>(below(m_setting.host_program ? 4 : 6)) : -1;
    if (m_override == Cs && m_setting.near_code_base)
        m_override = -1; // the operand would lie among the code
    m_locked = false; // until ModRM is known
    if (resize)
        m_case.bytes.push_back(operand_size_prefix);
    if (readdress)
        m_case.bytes.push_back(address_size_prefix);
    if (m_override >= 0)
        m_case.bytes.push_back(segment_prefixes[m_override]);
    if (form.has(trait::string) && !one_in(3))
        m_case.bytes.push_back(one_in(2) ? rep_prefix : repne_prefix);
}

void CaseMaker::prepare_special_registers()
{
    const Form& form = *m_case.form;
    auto& gpr = m_case.state.gpr;
    uint32_t junk = m_address_32 ? 0 : random() << 16; // above a 16-bit index
    if (form.has(trait::string)) {
        gpr[Esi] = junk | data_offset();
        gpr[Edi] = junk | data_offset();
        gpr[Ecx] = junk | below(20);
    }
    if (form.has(trait::table_lookup))
        gpr[Ebx] = junk | data_offset();
    if (form.has(trait::divides) && !one_in(4))
        gpr[Edx] = one_in(2) ? below(0x100) : 0u - below(0x100);
    if (form.has(trait::divides) && is_byte_form())
        gpr[Eax] &= 0xFFFF0FFF;
}

void CaseMaker::emit(uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; ++i)
        m_case.bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

void CaseMaker::emit_modrm()
{
    const Form& form = *m_case.form;
    unsigned reg = form.digit == Form::any_register ? below(8) : static_cast<unsigned>(form.digit);
    bool memory = form.has(trait::memory) && (!form.has(trait::registers) || !one_in(3));
    if (form.has(trait::lockable) && memory && one_in(4))
        m_case.bytes.insert(m_case.bytes.begin(), lock_prefix);
    m_case.bytes.insert(m_case.bytes.end(), form.opcode.begin(), form.opcode.end());
    if (!memory) {
        // ESP stays where the stack is: it can hold no target and no CR0.
        unsigned number = form.has(trait::control_load | trait::branch) ? below(4) : below(8);
        m_case.bytes.push_back(static_cast<uint8_t>(0xC0 | reg << 3 | number));
        return prepare_register_operand(number);
    }
    if (form.has(trait::bit_offset))
        m_case.state.gpr[reg] = below(0x2000) - 0x1000;
    unsigned mod = below(3);
    m_address_32 ? emit_memory_32(mod, reg) : emit_memory_16(mod, reg);
}

// SDM 2A tables 2-2 and 2-3. The displacement or the base is chosen so that the address falls into the window.
void CaseMaker::emit_memory_32(unsigned mod, unsigned reg)
{
    auto& gpr = m_case.state.gpr;
    unsigned rm = below(8), scale = below(4), index = below(8), base = rm == 4 ? below(8) : rm;
    bool has_index = rm == 4 && index != 4;
    bool has_base = !(mod == 0 && base == 5);
    bool holds_offset = m_case.form->has(trait::bit_offset) && base == reg;
    if (mod != 2 && has_base && (base == Esp || holds_offset || (has_index && index == base)))
        mod = 2; // there the displacement does it
    unsigned displacement_bytes = mod == 1 ? 1 : mod == 2 || !has_base ? 4 : 0;
    uint32_t offset = data_offset(), scaled = has_index ? gpr[index] << scale : 0, displacement = 0;
    if (displacement_bytes == 4) {
        displacement = offset - scaled - (has_base ? gpr[base] : 0);
    } else {
        displacement = mod == 1 ? below(0x100) : 0;
        gpr[base] = offset - scaled - static_cast<uint32_t>(static_cast<int8_t>(displacement));
    }
    m_case.bytes.push_back(static_cast<uint8_t>(mod << 6 | reg << 3 | rm));
    if (rm == 4)
        m_case.bytes.push_back(static_cast<uint8_t>(scale << 6 | index << 3 | base));
    emit(displacement, displacement_bytes);
    bool on_stack = has_base && (base == Esp || base == Ebp);
    prepare_memory_operand(on_stack ? Ss : Ds, offset);
}

void CaseMaker::emit_memory_16(unsigned mod, unsigned reg)
{
    constexpr int none = -1;
    constexpr int bases[8][2] { { Ebx, Esi }, { Ebx, Edi }, { Ebp, Esi }, { Ebp, Edi }, { Esi, none }, { Edi, none },
        { Ebp, none }, { Ebx, none } };
    const auto& gpr = m_case.state.gpr;
    unsigned rm = below(8);
    bool direct = mod == 0 && rm == 6;
    uint32_t sum = 0;
    for (int number : bases[rm])
        sum += number == none || direct ? 0 : gpr[static_cast<unsigned>(number)];
    uint32_t displacement = mod == 1 ? below(0x80) : 0;
    if (mod != 2 && !direct && ((sum + displacement) & 0xFFFF) > 0xFF00)
        mod = 2; // not across the end of the segment
    if (mod == 2 || direct)
        displacement = data_offset() - sum;
    m_case.bytes.push_back(static_cast<uint8_t>(mod << 6 | reg << 3 | rm));
    emit(displacement, mod == 1 ? 1 : mod == 2 || direct ? 2 : 0);
    bool on_stack = !direct && (rm == 2 || rm == 3 || rm == 6);
    prepare_memory_operand(on_stack ? Ss : Ds, (sum + displacement) & 0xFFFF);
}

void CaseMaker::patch(SegmentRegister segment, uint32_t offset, uint32_t value, unsigned bytes)
{
    m_case.patches.push_back({ m_case.state.segment(segment).base + offset, value, bytes });
}

void CaseMaker::patch_stack(uint32_t depth, uint32_t value, unsigned bytes)
{
    uint32_t esp = m_case.state.gpr[Esp] + depth;
    patch(Ss, m_case.state.segment(Ss).is_big() ? esp : esp & 0xFFFF, value, bytes);
}

void CaseMaker::prepare_register_operand(unsigned number)
{
    const Form& form = *m_case.form;
    uint32_t& value = m_case.state.gpr[number];
    if (form.has(trait::branch))
        value = code_offset();
    if (form.has(trait::selector) && number != Esp)
        value = (value & 0xFFFF0000) | random_selector();
    if (form.has(trait::control_load)) {
        constexpr uint32_t harmless = cr0::ts | cr0::em | cr0::mp | cr0::ne | cr0::wp | cr0::am;
        value = m_setting.state.cr0 ^ (random() & harmless);
    }
}

void CaseMaker::prepare_memory_operand(SegmentRegister segment, uint32_t offset)
{
    const Form& form = *m_case.form;
    if (m_override >= 0)
        segment = static_cast<SegmentRegister>(m_override);
    if (form.has(trait::branch))
        patch(segment, offset, code_offset(), operand_bytes());
    else if (form.has(trait::selector))
        patch(segment, offset, random_selector(), 2);
    else if (form.has(trait::far_operand)) {
        patch(segment, offset, code_offset(), operand_bytes());
        patch(segment, offset + operand_bytes(), far_selector(), 2);
    } else if (one_in(3)) { // equal to the accumulator: for comparisons
        patch(segment, offset, m_case.state.gpr[Eax], 4);
        patch(segment, offset + 4, m_case.state.gpr[Edx], 4);
    }
}

// What RET, IRET, POPF and POP of a segment register find.
void CaseMaker::prepare_stack()
{
    const Form& form = *m_case.form;
    unsigned bytes = operand_bytes();
    // TF and AC would trap, NT switch tasks at the next IRET. VIF and VIP: Unicorn's IRET never loads them.
    constexpr uint32_t never = eflags::tf | eflags::nt | eflags::vm | eflags::ac | eflags::vif | eflags::vip;
    if (form.has_modrm())
        return;
    if (form.has(trait::branch))
        patch_stack(0, code_offset(), bytes);
    if (form.has(trait::flags_image))
        patch_stack(0, random() & ~(never | (m_setting.host_program ? eflags::id : 0)), bytes);
    if (form.has(trait::selector))
        patch_stack(0, random_selector(), bytes);
    if (!form.has(trait::far_return))
        return;
    bool iret = form.name == "iret";
    patch_stack(0, code_offset(), bytes);
    patch_stack(bytes, far_selector(), bytes);
    if (iret)
        patch_stack(2 * bytes, random() & ~never, bytes);
    uint32_t released = form.immediate == Immediate::Word ? 8 : 0; // emit_immediate() agrees
    uint32_t outer = (iret ? 3 : 2) * bytes + released;
    patch_stack(outer, 0x8000 + 4 * below(0x400), bytes);
    patch_stack(outer + bytes, random_selector(), bytes);
}

void CaseMaker::emit_immediate()
{
    switch (m_case.form->immediate) {
    case Immediate::None:
        return;
    case Immediate::Byte:
        return emit(interesting(), 1);
    case Immediate::Word:
        return emit(8, 2);
    case Immediate::Operand:
        return emit(interesting(), operand_bytes());
    case Immediate::WordThenByte:
        emit(below(0x400), 2);
        return emit(one_in(2) ? below(4) : random(), 1);
    case Immediate::RelativeByte:
    case Immediate::RelativeOperand: {
        uint32_t distance = 8 + below(32);
        emit(distance, m_case.form->immediate == Immediate::RelativeByte ? 1 : operand_bytes());
        return branches_to(m_case.next_eip() + distance);
    }
    case Immediate::Offset:
        return emit(data_offset(), m_address_32 ? 4 : 2);
    case Immediate::FarPointer:
        emit(code_offset(), operand_bytes());
        return emit(far_selector(), 2);
    }
}

Case CaseMaker::make(const Form& form, uint32_t linear)
{
    m_case = { .form = &form, .bytes = {}, .state = m_setting.state, .patches = {}, .targets = {} };
    Segment& code = m_case.state.segment(Cs);
    if (m_setting.near_code_base)
        code.base = linear & ~0xFFFu;
    m_case.state.eip = linear - code.base;
    fill_registers();
    choose_prefixes();
    prepare_special_registers();
    if (form.has_modrm())
        emit_modrm();
    else
        m_case.bytes.insert(m_case.bytes.end(), form.opcode.begin(), form.opcode.end());
    emit_immediate();
    prepare_stack();
    return m_case;
}

}
