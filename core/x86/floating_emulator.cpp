#include "core/x86/floating_emulator.hpp"

#include "core/x86/floating_kind.hpp"
#include "core/x86/floating_operands.hpp"
#include "core/x86/floating_registers.hpp"
#include "core/x86/floating_transfers.hpp"
#include "core/x86/sse_exceptions.hpp"

#include <array>
#include <cstring>

namespace ringside {

namespace {

constexpr unsigned largest_value = 16;

// One instruction, once it is known that nothing keeps it from being executed.
class FloatingExecution {
public:
    FloatingExecution(Execution& execution, const FloatingPlaces& places, FloatingKind kind, std::byte* image)
        : m_execution(execution), m_instruction(execution.instruction), m_places(places), m_kind(kind), m_registers(image)
    {
    }
    // Nothing, or why it has changed nothing but MXCSR's flags. Unsupported is left in the result.
    MaybeFault run(FloatingUnit& unit);

private:
    void lend();
    MaybeFault judge();
    MaybeFault raise(uint32_t flags);
    void commit();
    void commit_general_registers();
    void commit_memory();
    void commit_masked_bytes();
    bool keeps_memory() const;
    void remember_instruction();

    Execution& m_execution;
    const Instruction& m_instruction;
    const FloatingPlaces& m_places;
    FloatingKind m_kind;
    FloatingRegisters m_registers; // the guest's

    alignas(16) std::array<std::byte, FloatingRegisters::image_bytes> m_image;
    alignas(16) std::array<std::byte, largest_value> m_value {};
    FloatingRegisters m_lent { m_image.data() };
    FloatingOperands m_operands;
};

MaybeFault FloatingExecution::run(FloatingUnit& unit)
{
    m_execution.result.outcome = Emulated::Outcome::Done;
    if (auto transfer = floating_transfer(m_instruction))
        return transfer(m_execution, m_places, m_registers);
    if (m_places.lent.bytes > m_value.size()) {
        m_execution.result.outcome = Emulated::Outcome::Unsupported;
        return {};
    }
    lend();
    unit.execute(m_instruction, m_operands);
    return judge();
}

void FloatingExecution::lend()
{
    std::memcpy(m_image.data(), m_registers.image(), m_image.size());
    m_lent.set_control_and_status(m_lent.control(), m_lent.status());
    m_lent.set_mxcsr(masked_mxcsr(m_registers.mxcsr() & FloatingRegisters::mxcsr_mask));
    const auto& gpr = m_execution.state.gpr;
    m_operands = { .registers = m_image.data(), .memory = std::span { m_value }.first(m_places.lent.bytes), .eax = gpr[Eax],
        .ecx = gpr[Ecx], .edx = gpr[Edx], .flags = m_execution.state.eflags & arithmetic::status_flags };
    if (m_places.reg.host)
        std::memcpy(&m_operands.reg, m_places.reg.host, m_places.reg.bytes);
    if (m_places.is_read)
        m_execution.load_bytes(m_places.lent, m_operands.memory);
}

MaybeFault FloatingExecution::judge()
{
    auto exceptions = sse_exceptions(m_instruction, m_registers.mxcsr(), m_lent.mxcsr());
    switch (exceptions.outcome) {
    case SseExceptions::Outcome::Raised:
        return raise(exceptions.flags);
    case SseExceptions::Outcome::Unknown:
        m_execution.result.outcome = Emulated::Outcome::Unsupported;
        return {};
    case SseExceptions::Outcome::None:
        break;
    }
    m_lent.set_mxcsr(m_registers.mxcsr() | exceptions.flags);
    commit();
    return {};
}

// SDM 3A §2.5 (OSXMMEXCPT).
MaybeFault FloatingExecution::raise(uint32_t flags)
{
    m_registers.set_mxcsr(m_registers.mxcsr() | flags);
    return fault_without_code(m_execution.state.cr4 & cr4::osxmmexcpt ? XM : UD);
}

// The pointers to the last instruction are not what the unit has found there: it executes somewhere else.
void FloatingExecution::commit()
{
    constexpr std::size_t before_pointers = 6, used = FloatingRegisters::used_bytes, first = FloatingRegisters::first_x87;
    std::memcpy(m_registers.image(), m_image.data(), before_pointers);
    std::memcpy(m_registers.image() + first, m_image.data() + first, used - first);
    m_registers.set_mxcsr(m_lent.mxcsr());
    commit_general_registers();
    if (m_places.is_written && !keeps_memory())
        commit_memory();
    if (m_kind == FloatingKind::X87 && !is_floating_control(m_instruction))
        remember_instruction();
}

// What the instruction names itself comes last: the unit has left EAX, ECX and EDX as they were then.
void FloatingExecution::commit_general_registers()
{
    auto& gpr = m_execution.state.gpr;
    gpr[Eax] = m_operands.eax;
    gpr[Ecx] = m_operands.ecx;
    gpr[Edx] = m_operands.edx;
    m_execution.set_status_flags(m_operands.flags);
    if (m_places.reg.host)
        std::memcpy(m_places.reg.host, &m_operands.reg, m_places.reg.bytes);
}

void FloatingExecution::commit_memory()
{
    auto mnemonic = m_instruction.info.mnemonic;
    if (mnemonic == ZYDIS_MNEMONIC_MASKMOVQ || mnemonic == ZYDIS_MNEMONIC_MASKMOVDQU)
        commit_masked_bytes();
    else
        m_execution.store_bytes(m_places.lent, m_operands.memory);
}

// The second operand says which bytes are stored (SDM 2B "MASKMOVDQU"). An instruction with MMX registers has turned the
// stack so that ST0 is MM0.
void FloatingExecution::commit_masked_bytes()
{
    bool is_mmx = m_instruction.info.mnemonic == ZYDIS_MNEMONIC_MASKMOVQ;
    unsigned number = m_instruction.info.raw.modrm.rm;
    const std::byte* mask = m_image.data() + (is_mmx ? FloatingRegisters::first_x87 : FloatingRegisters::first_xmm)
        + number * FloatingRegisters::stride;
    constexpr std::byte stored { 0x80 };
    for (unsigned i = 0; i < m_operands.memory.size(); ++i) {
        Place place;
        bool wanted = (mask[i] & stored) != std::byte {};
        if (wanted && !m_execution.find_memory(m_places.segment, m_places.offset + i, 1, Access::Write, place))
            m_execution.store_bytes(place, m_operands.memory.subspan(i, 1));
    }
}

// An unmasked exception keeps x87 from storing, but for the one that tells that the stored value is rounded (SDM 1 §8.5).
bool FloatingExecution::keeps_memory() const
{
    uint32_t unmasked = m_lent.status() & ~m_lent.control() & floating_exception::all;
    return m_kind == FloatingKind::X87 && !is_floating_control(m_instruction) && (unmasked & ~floating_exception::precision);
}

// SDM 1 §8.1.8, §8.1.9.
void FloatingExecution::remember_instruction()
{
    const auto& state = m_execution.state;
    const auto& modrm = m_instruction.info.raw.modrm;
    auto pointers = m_registers.pointers();
    pointers.opcode = static_cast<uint16_t>(
        (m_instruction.info.opcode & 7u) << 8 | unsigned { modrm.mod } << 6 | unsigned { modrm.reg } << 3 | modrm.rm);
    pointers.instruction = state.eip;
    pointers.code_selector = state.segment(Cs).selector;
    if (m_places.is_memory) {
        pointers.operand = m_places.offset;
        pointers.operand_selector = state.segment(m_places.segment).selector;
    }
    m_registers.set_pointers(pointers);
}

// What comes before the operands. False: it is not known what the processor would do.
bool check_first(const CpuState& state, const Instruction& instruction, FloatingKind kind, const FloatingUnit& unit,
    const FloatingRegisters& registers, MaybeFault& fault)
{
    if (kind != FloatingKind::None && !unit.has(instruction))
        fault = fault_without_code(UD);
    else
        fault = check_floating_control(state.cr0, state.cr4, kind);
    if (fault || !waits_for_exceptions(instruction, kind) || !registers.exception_pending())
        return true;
    fault = fault_without_code(MF);
    return state.cr0 & cr0::ne;
}

MaybeFault execute(Execution& execution, FloatingUnit& unit, std::byte* image)
{
    auto kind = floating_kind(execution.instruction);
    MaybeFault fault;
    if (!check_first(execution.state, execution.instruction, kind, unit, FloatingRegisters { image }, fault))
        return {};
    if (fault)
        return fault;
    FloatingPlaces places;
    if (auto wanting = find_floating_places(execution, places); wanting || kind == FloatingKind::None)
        return wanting;
    return FloatingExecution(execution, places, kind, image).run(unit);
}

}

Emulated emulate_floating(
    Engine& engine, CpuState& state, const Instruction& instruction, std::byte* image, FloatingUnit& unit)
{
    Emulated result { .outcome = Emulated::Outcome::Unsupported };
    Execution execution(engine, state, instruction, result);
    if (auto fault = execute(execution, unit, image))
        return { .outcome = Emulated::Outcome::Fault, .fault = *fault };
    if (result.outcome == Emulated::Outcome::Done) {
        state.eip = execution.next_eip;
        state.interrupt_shadow = false;
        state.eflags &= ~eflags::rf;
    }
    return result;
}

}
