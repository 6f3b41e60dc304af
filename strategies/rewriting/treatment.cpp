#include "strategies/rewriting/treatment.hpp"

#include "core/x86/floating_kind.hpp"
#include "core/x86/instruction_classes.hpp"
#include "core/x86/instruction_emulator.hpp"

#include <algorithm>
#include <array>

namespace ringside::rewriting {

namespace {

// What a processor may execute for the guest as it stands: integer, x87, MMX and SSE instructions, whose state is the
// guest's own. What is not here does not exist for the guest (core/x86/cpuid.hpp), and much of it would reach the host:
// its hypervisor (VMCALL), its protection keys, code outside the cache (XBEGIN).
constexpr std::array harmless_sets {
    ZYDIS_ISA_SET_I86, ZYDIS_ISA_SET_I186, ZYDIS_ISA_SET_I286REAL, ZYDIS_ISA_SET_I286PROTECTED, ZYDIS_ISA_SET_I386,
    ZYDIS_ISA_SET_I486, ZYDIS_ISA_SET_I486REAL, ZYDIS_ISA_SET_PENTIUMREAL, ZYDIS_ISA_SET_PENTIUMMMX, ZYDIS_ISA_SET_PPRO,
    ZYDIS_ISA_SET_RDPMC, ZYDIS_ISA_SET_CMOV, ZYDIS_ISA_SET_FCMOV, ZYDIS_ISA_SET_FAT_NOP, ZYDIS_ISA_SET_X87,
    ZYDIS_ISA_SET_FXSAVE, ZYDIS_ISA_SET_SSE, ZYDIS_ISA_SET_SSEMXCSR, ZYDIS_ISA_SET_SSE_PREFETCH,
    ZYDIS_ISA_SET_PREFETCH_NOP, ZYDIS_ISA_SET_SSE2, ZYDIS_ISA_SET_SSE2MMX, ZYDIS_ISA_SET_PAUSE, ZYDIS_ISA_SET_LAHF,
    ZYDIS_ISA_SET_SSE3, ZYDIS_ISA_SET_SSE3X87, ZYDIS_ISA_SET_SSSE3, ZYDIS_ISA_SET_SSSE3MMX, ZYDIS_ISA_SET_SSE4,
    ZYDIS_ISA_SET_SSE42, ZYDIS_ISA_SET_POPCNT, ZYDIS_ISA_SET_MOVBE, ZYDIS_ISA_SET_CLFSH,
};

constexpr auto is_harmless_set = [] {
    std::array<bool, ZYDIS_ISA_SET_MAX_VALUE + 1> harmless {};
    for (auto set : harmless_sets)
        harmless[set] = true;
    return harmless;
}();

// Which x87 instruction belongs to which set differs between versions of Zydis.
bool is_harmless(const Instruction& instruction)
{
    return is_harmless_set[instruction.info.meta.isa_set] || instruction.info.meta.isa_ext == ZYDIS_ISA_EXT_X87;
}

bool is_near_branch(const Instruction& instruction)
{
    auto type = instruction.info.meta.branch_type;
    return type == ZYDIS_BRANCH_TYPE_SHORT || type == ZYDIS_BRANCH_TYPE_NEAR;
}

bool is_register(const ZydisDecodedOperand& operand, ZydisRegister first, ZydisRegister last)
{
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value >= first && operand.reg.value <= last;
}

// MOV r, CRn of a register that exists.
bool reads_control_register(const Instruction& instruction)
{
    const auto& from = instruction.operands[1];
    return is_register(instruction.operands[0], ZYDIS_REGISTER_EAX, ZYDIS_REGISTER_EDI)
        && (is_register(from, ZYDIS_REGISTER_CR0, ZYDIS_REGISTER_CR0)
            || is_register(from, ZYDIS_REGISTER_CR2, ZYDIS_REGISTER_CR4));
}

bool writes_cr0(const Instruction& instruction)
{
    return is_register(instruction.operands[0], ZYDIS_REGISTER_CR0, ZYDIS_REGISTER_CR0)
        && is_register(instruction.operands[1], ZYDIS_REGISTER_EAX, ZYDIS_REGISTER_EDI);
}

bool reads_segment_register(const Instruction& instruction)
{
    return is_register(instruction.operands[1], ZYDIS_REGISTER_ES, ZYDIS_REGISTER_GS)
        && instruction.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER;
}

bool loads_data_segment(const Instruction& instruction)
{
    return is_register(instruction.operands[0], ZYDIS_REGISTER_ES, ZYDIS_REGISTER_ES)
        || is_register(instruction.operands[0], ZYDIS_REGISTER_DS, ZYDIS_REGISTER_GS);
}

// Those whose effect is on virtual state alone, or the same as last time.
bool is_inline(const Instruction& instruction, bool ring_3)
{
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_CLI:
    case ZYDIS_MNEMONIC_STI:
    case ZYDIS_MNEMONIC_POPFD:
    case ZYDIS_MNEMONIC_CLTS:
    case ZYDIS_MNEMONIC_LGDT:
    case ZYDIS_MNEMONIC_LIDT:
    case ZYDIS_MNEMONIC_SGDT:
    case ZYDIS_MNEMONIC_SIDT:
        return !ring_3;
    case ZYDIS_MNEMONIC_CPUID:
        return true;
    case ZYDIS_MNEMONIC_PUSHFD:
        return true;
    case ZYDIS_MNEMONIC_MOV:
        return reads_segment_register(instruction)
            || (!ring_3 && (reads_control_register(instruction) || writes_cr0(instruction) || loads_data_segment(instruction)));
    case ZYDIS_MNEMONIC_POP:
        return !ring_3 && instruction.info.operand_width == 32 && loads_data_segment(instruction);
    case ZYDIS_MNEMONIC_INT:
        return ring_3;
    case ZYDIS_MNEMONIC_IRETD:
        return !ring_3;
    case ZYDIS_MNEMONIC_PUSH:
        return instruction.info.operand_width == 32;
    default:
        return false;
    }
}

// The real code segment is flat, whatever ring 3's other segments are cut to.
bool reaches_through_cs(const Instruction& instruction)
{
    return (instruction.info.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_CS) && instruction.info.mnemonic != ZYDIS_MNEMONIC_NOP;
}

// The first names: of what has no line in the table of instructions. Those of the lines follow.
enum OtherName : uint8_t { never_calls, undefined, floating_point, through_cs, near_branch, device_access, first_line };
constexpr std::array<std::string_view, first_line> other_names { "", "undefined", "floating point", "access through CS",
    "near branch", "device access" };

uint8_t name_of(const InstructionLine& line)
{
    return static_cast<uint8_t>(first_line + (&line - instruction_lines().data()));
}

Treated treat_floating_point(const Instruction& instruction, ControlMode mode)
{
    auto kind = floating_kind(instruction);
    uint32_t cr0 = (mode.em ? cr0::em : 0) | (mode.ts ? cr0::ts : 0) | (mode.mp ? cr0::mp : 0);
    if (auto fault = check_floating_control(cr0, mode.osfxsr ? cr4::osfxsr : 0, kind))
        return { Treatment::Callout, "The kernel wants a trap here (CR0.TS, CR0.EM or CR4.OSFXSR).", fault->vector, true, floating_point };
    return { Treatment::Identical, "The same in every ring.", 0, depends_on_control(kind) };
}

// Which of them is also asked for in ring 3 while CR4.TSD is clear.
Treated treat_time_stamp(const Instruction& instruction, bool ring_3, TimeStampReading reading)
{
    uint8_t name = name_of(*find_instruction_line(instruction));
    switch (reading) {
    case TimeStampReading::Native:
        break;
    case TimeStampReading::Inline:
        return { Treatment::Inline, "Reads the host's time-stamp counter, and adds what the guest's is ahead.", 0, ring_3, name };
    case TimeStampReading::Callout:
        return { Treatment::Callout, "The monitor is called for the time, as the run asks for.", 0, ring_3, name };
    case TimeStampReading::Trap:
        return { Treatment::Trap, "Faults, as the run asks for, and the monitor emulates it.", 0, ring_3, name };
    }
    return { Treatment::Identical, "The host's time-stamp counter is the guest's, too.", 0, ring_3 };
}

}

std::string_view treatment_name(Treatment treatment)
{
    switch (treatment) {
    case Treatment::Identical:
        return "identical";
    case Treatment::ControlFlow:
        return "control flow";
    case Treatment::Inline:
        return "inline";
    case Treatment::Callout:
        return "callout";
    case Treatment::Trap:
        return "trap";
    }
    return "";
}

std::string_view instruction_name(uint8_t number)
{
    if (number < first_line)
        return other_names[number];
    auto lines = instruction_lines();
    std::size_t line = number - first_line;
    return line < lines.size() ? lines[line].name : "";
}

ControlMode control_mode_of(const CpuState& state)
{
    return { (state.cr0 & cr0::em) != 0, (state.cr0 & cr0::ts) != 0, (state.cr0 & cr0::mp) != 0,
        (state.cr4 & cr4::osfxsr) != 0, (state.cr4 & cr4::tsd) != 0 };
}

Treated treat_device_access(const Instruction& instruction, const Treated& treated)
{
    if (treated.treatment != Treatment::Identical || !can_emulate(instruction))
        return treated;
    return { Treatment::Callout, "Reaches a device each time: asking the monitor is cheaper than a trap.", 0, false, device_access };
}

Treated treat(const Instruction& instruction, bool ring_3, ControlMode mode)
{
    if (!is_harmless(instruction)
        && instruction.info.mnemonic != ZYDIS_MNEMONIC_SYSENTER && instruction.info.mnemonic != ZYDIS_MNEMONIC_SYSEXIT)
        return { Treatment::Callout, "The virtual processor does not have it.", UD, false, undefined };
    if (is_near_branch(instruction))
        return { Treatment::ControlFlow, "Goes to the translation of its target, not to the target.", 0, false, near_branch };
    if (ring_3 && reaches_through_cs(instruction))
        return { Treatment::Callout, "The code segment reaches the kernel's pages.", 0, false, through_cs };
    if (instruction.info.mnemonic == ZYDIS_MNEMONIC_RDTSC && !(ring_3 && mode.tsd))
        return treat_time_stamp(instruction, ring_3, mode.time_stamp);
    if (const auto* line = find_instruction_line(instruction)) {
        bool in_place = is_inline(instruction, ring_3);
        return { in_place ? Treatment::Inline : Treatment::Callout, line->effect, 0, false, name_of(*line) };
    }
    return treat_floating_point(instruction, mode);
}

}
