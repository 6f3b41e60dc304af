// Near branches. A direct one jumps to the translation of its target, or to a stub until there is one. An indirect one
// jumps through the entry table, by the low 16 bits of the guest's address, to code that compares the whole address.
#include "strategies/rewriting/emission.hpp"

#include <cstddef>

namespace ringside::rewriting {

namespace {

constexpr unsigned condition_of(const Instruction& instruction)
{
    return instruction.info.opcode & 0xF;
}

// JCXZ and LOOP with all of their prefixes but branch hints, which mean nothing.
bool has_16_bit_address(const Instruction& instruction)
{
    return instruction.info.address_width == 16;
}

}

void Emission::branch(const Instruction& instruction, std::span<const uint8_t> bytes)
{
    // The other operand size cuts EIP to 16 bits, which nobody needs.
    if (instruction.info.operand_width != 32)
        return callout(Site::Kind::Emulate);
    auto target = m_next + static_cast<uint32_t>(instruction.info.raw.imm[0].value.s);
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_RET:
        return near_return(instruction);
    case ZYDIS_MNEMONIC_LOOP:
    case ZYDIS_MNEMONIC_LOOPE:
    case ZYDIS_MNEMONIC_LOOPNE:
    case ZYDIS_MNEMONIC_JECXZ:
    case ZYDIS_MNEMONIC_JCXZ:
        if (has_16_bit_address(instruction))
            m_emitter.u8(0x67);
        return loop(bytes.last(2), target);
    case ZYDIS_MNEMONIC_CALL:
    case ZYDIS_MNEMONIC_JMP: {
        bool is_call = instruction.info.mnemonic == ZYDIS_MNEMONIC_CALL;
        if (instruction.operands[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE)
            return indirect(instruction, bytes, is_call);
        return is_call ? call(target) : exit_to(target);
    }
    default:
        return link(m_emitter.jump_if(condition_of(instruction)), target);
    }
}

// Their displacements have 8 bits: to a jump right behind.
void Emission::loop(std::span<const uint8_t> bytes, uint32_t target)
{
    m_emitter.u8(bytes[0]);
    m_emitter.u8(2);
    point(Recovery::Boundary, m_next);
    m_emitter.u8(0xEB);
    m_emitter.u8(5);
    exit_to(target);
}

void Emission::call(uint32_t target)
{
    m_emitter.push_constant(m_next);
    exit_to(target);
}

// MOV of the operand to ECX.
void Emission::indirect(const Instruction& instruction, std::span<const uint8_t> bytes, bool is_call)
{
    if (instruction.info.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS)
        return callout(Site::Kind::Emulate);
    m_emitter.store(slot(offsetof(Slots, ecx)), Ecx);
    auto modrm = instruction.info.raw.modrm.offset;
    m_emitter.raw(bytes.first(modrm - 1u));
    m_emitter.operand_to_ecx({ 0x8B }, bytes.subspan(modrm));
    point(Recovery::Ecx, m_eip);
    if (is_call)
        m_emitter.push_constant(m_next);
    go_to_entry();
}

void Emission::near_return(const Instruction& instruction)
{
    m_emitter.store(slot(offsetof(Slots, ecx)), Ecx);
    if (instruction.info.operand_count_visible == 0) {
        m_emitter.u8(0x59); // pop %ecx
        return go_to_entry();
    }
    m_emitter.load_at_esp(0);
    point(Recovery::Ecx, m_eip);
    for (unsigned byte : { 0x8D, 0xA4, 0x24 }) // lea 4 + n(%esp), %esp
        m_emitter.u8(byte);
    m_emitter.u32(4 + static_cast<uint32_t>(instruction.info.raw.imm[0].value.u));
    go_to_entry();
}

// The guest's address is in ECX, and the branch is done but for that.
void Emission::go_to_entry()
{
    point(Recovery::TargetInEcx, 0);
    m_emitter.store(slot(offsetof(Slots, target)), Ecx);
    point(Recovery::Lookup, 0);
    jump_through_entry(m_block.key.ring);
}

void Emission::jump_through_entry(CodeRing ring)
{
    m_emitter.ecx_low_16();
    m_emitter.jump_indexed(m_area.entry_table(ring));
}

}
