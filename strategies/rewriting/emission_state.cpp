// Instructions whose effect is on the guest's privileged state, which lies in memory (VirtualState). Flags stay as they are:
// LEA adds, JECXZ compares, tables do the rest.
#include "strategies/rewriting/emission.hpp"

#include <cstddef>

#include "strategies/rewriting/translator.hpp"

namespace ringside::rewriting {

namespace {

constexpr std::size_t control_register(unsigned number)
{
    return offsetof(VirtualState, control) + number * sizeof(uint32_t);
}

bool is_segment_register(const ZydisDecodedOperand& operand)
{
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value >= ZYDIS_REGISTER_ES
        && operand.reg.value <= ZYDIS_REGISTER_GS;
}

unsigned index_of(const ZydisDecodedOperand& operand)
{
    return static_cast<unsigned>(ZydisRegisterGetId(operand.reg.value));
}

}

bool Emission::in_place(const Instruction& instruction, std::span<const uint8_t> bytes)
{
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_CLI:
        m_emitter.store_constant(state(offsetof(VirtualState, interrupts)), interrupts_off);
        return true;
    case ZYDIS_MNEMONIC_STI:
        open_interrupts();
        return true;
    case ZYDIS_MNEMONIC_PUSHFD:
        push_flags();
        return true;
    case ZYDIS_MNEMONIC_POPFD:
        pop_flags();
        return true;
    case ZYDIS_MNEMONIC_LGDT:
    case ZYDIS_MNEMONIC_LIDT:
        return load_table(instruction, bytes, instruction.info.mnemonic == ZYDIS_MNEMONIC_LIDT);
    case ZYDIS_MNEMONIC_SGDT:
    case ZYDIS_MNEMONIC_SIDT:
        return store_table(instruction, bytes, instruction.info.mnemonic == ZYDIS_MNEMONIC_SIDT);
    case ZYDIS_MNEMONIC_CLTS:
        clear_task_switched();
        return true;
    case ZYDIS_MNEMONIC_CPUID:
        return identify();
    case ZYDIS_MNEMONIC_RDTSC:
        read_time_stamp();
        return true;
    case ZYDIS_MNEMONIC_INT:
        interrupt(static_cast<uint8_t>(instruction.info.raw.imm[0].value.u));
        return true;
    case ZYDIS_MNEMONIC_IRETD:
        interrupt_return();
        return true;
    case ZYDIS_MNEMONIC_POP:
        return load_segment(instruction, bytes);
    case ZYDIS_MNEMONIC_MOV:
        if (is_segment_register(instruction.operands[0]))
            return load_segment(instruction, bytes);
        if (instruction.operands[0].reg.value == ZYDIS_REGISTER_CR0)
            write_cr0(index_of(instruction.operands[1]));
        else if (is_segment_register(instruction.operands[1]))
            read_segment(instruction);
        else
            read_control_register(index_of(instruction.operands[1]), index_of(instruction.operands[0]));
        return true;
    case ZYDIS_MNEMONIC_PUSH:
        m_emitter.push(state(offsetof(VirtualState, selectors) + index_of(instruction.operands[0]) * sizeof(uint32_t)));
        return true;
    default:
        return false;
    }
}

// An interrupt that waits comes behind the next instruction (SDM 3A §6.8.3), which the monitor executes then.
void Emission::open_interrupts()
{
    m_emitter.store_constant(state(offsetof(VirtualState, interrupts)), interrupts_on);
    m_shadow_next = true;
    point(Recovery::Boundary, m_next);
    m_emitter.store(slot(offsetof(Slots, ecx)), Ecx);
    point(Recovery::Ecx, m_next);
    m_emitter.load(Ecx, state(offsetof(VirtualState, may_go_on) + interrupts_on * sizeof(uint32_t)));
    std::size_t site = add_site(Site::Kind::Emulate, Recovery::Ecx, m_next);
    m_stubs.push_back({ site, m_emitter.jump_if_ecx_zero(), Recovery::Ecx, m_next });
    m_emitter.load(Ecx, slot(offsetof(Slots, ecx)));
}

// The flags that are really stored have IF set and IOPL and NT clear. What the guest believes differs by a constant for
// each value of IF.
void Emission::push_flags()
{
    put_down_ecx_edx();
    m_emitter.push_flags();
    point(Recovery::PushedFlags, m_eip);
    correct_pushed_flags();
    take_back_ecx_edx();
}

void Emission::correct_pushed_flags()
{
    m_emitter.load(Ecx, state(offsetof(VirtualState, interrupts)));
    m_emitter.load_indexed(Edx, state(offsetof(VirtualState, flags_difference)));
    m_emitter.load_at_esp(0);
    m_emitter.add_edx_to_ecx();
    m_emitter.store_at_esp();
}

// The real POPF loads all flags that the guest has for real; IF, which it leaves alone, comes after it.
void Emission::pop_flags()
{
    m_emitter.store(slot(offsetof(Slots, ecx)), Ecx);
    point(Recovery::Ecx, m_eip);
    m_emitter.load_at_esp(0);
    m_emitter.ecx_second_byte();
    m_emitter.load_byte_indexed(m_area.popf_codes());
    std::size_t site = add_site(Site::Kind::Emulate, Recovery::Ecx, m_eip);
    m_stubs.push_back({ site, m_emitter.jump_if_ecx_zero(), Recovery::Ecx, m_eip });
    m_emitter.store(slot(offsetof(Slots, code)), Ecx);
    m_emitter.load_indexed(Ecx, state(offsetof(VirtualState, may_pop)));
    m_stubs.push_back({ site, m_emitter.jump_if_ecx_zero(), Recovery::Ecx, m_eip });
    m_emitter.load(Ecx, slot(offsetof(Slots, ecx)));
    m_emitter.pop_flags();
    point(Recovery::Popped, m_next);
    m_emitter.load(Ecx, slot(offsetof(Slots, code)));
    m_emitter.store(state(offsetof(VirtualState, interrupts)), Ecx);
    m_emitter.load(Ecx, slot(offsetof(Slots, ecx)));
}

void Emission::read_control_register(unsigned number, unsigned reg)
{
    m_emitter.load(reg, state(control_register(number)));
}

// A 32-bit register gets zeros above the selector (SDM 2B "MOV").
void Emission::read_segment(const Instruction& instruction)
{
    if (instruction.operands[0].size == 16)
        m_emitter.u8(0x66);
    m_emitter.load(index_of(instruction.operands[0]),
        state(offsetof(VirtualState, selectors) + index_of(instruction.operands[1]) * sizeof(uint32_t)));
}

}
