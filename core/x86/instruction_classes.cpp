#include "core/x86/instruction_classes.hpp"

#include <array>
#include <cstddef>

namespace ringside {

namespace {

constexpr InstructionLine lines[] {
#define RINGSIDE_INSTRUCTION(mnemonic, form, kind, list, name, effect, source)                                         \
    { ZYDIS_MNEMONIC_##mnemonic, InstructionForm::form, InstructionClass::kind, SensitiveList::list, name, effect, source },
#include "core/x86/instruction_classes.inc"
#undef RINGSIDE_INSTRUCTION
};

constexpr std::size_t line_count = std::size(lines);
static_assert(line_count < UINT8_MAX);

// For each mnemonic its first line, or line_count.
constexpr auto first_lines = [] {
    std::array<uint8_t, ZYDIS_MNEMONIC_MAX_VALUE + 1> first {};
    first.fill(line_count);
    for (std::size_t i = line_count; i-- > 0;)
        first[lines[i].mnemonic] = static_cast<uint8_t>(i);
    return first;
}();

bool has_register(const Instruction& instruction, ZydisRegister first, ZydisRegister last)
{
    for (unsigned i = 0; i < instruction.info.operand_count_visible; ++i) {
        const auto& operand = instruction.operands[i];
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value >= first && operand.reg.value <= last)
            return true;
    }
    return false;
}

bool has_form(const Instruction& instruction, InstructionForm form)
{
    switch (form) {
    case InstructionForm::Any:
        return true;
    case InstructionForm::ControlRegister:
        return has_register(instruction, ZYDIS_REGISTER_CR0, ZYDIS_REGISTER_CR15);
    case InstructionForm::DebugRegister:
        return has_register(instruction, ZYDIS_REGISTER_DR0, ZYDIS_REGISTER_DR15);
    case InstructionForm::SegmentRegister:
        return has_register(instruction, ZYDIS_REGISTER_ES, ZYDIS_REGISTER_GS);
    case InstructionForm::Far:
        return instruction.info.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
    }
    return false;
}

}

std::span<const InstructionLine> instruction_lines()
{
    return lines;
}

const InstructionLine* find_instruction_line(const Instruction& instruction)
{
    auto mnemonic = instruction.info.mnemonic;
    for (std::size_t i = first_lines[mnemonic]; i < line_count && lines[i].mnemonic == mnemonic; ++i) {
        if (has_form(instruction, lines[i].form))
            return &lines[i];
    }
    return nullptr;
}

}
