#include "tests/differential/undefined_flags.hpp"

#include "core/x86/operands.hpp"

namespace ringside::test {

namespace {

constexpr uint32_t cf = eflags::cf, pf = eflags::pf, af = eflags::af, zf = eflags::zf, sf = eflags::sf, of = eflags::of;

// A shift's flags depend on the count, of which five bits count.
enum class When : uint8_t {
    Always,
    Shifted,       // the count is not 0
    NotByOne,      // the count is neither 0 nor 1
    ByAllOrMore,   // the count is at least the operand's size
    ByMoreThanAll, // the count is more than the operand's size
};

struct Line {
    ZydisMnemonic mnemonic;
    uint32_t flags;
    When when;
};

// SDM 1 appendix A, and the "Flags Affected" of each instruction in SDM 2.
constexpr Line lines[] {
    { ZYDIS_MNEMONIC_AND, af, When::Always },
    { ZYDIS_MNEMONIC_OR, af, When::Always },
    { ZYDIS_MNEMONIC_XOR, af, When::Always },
    { ZYDIS_MNEMONIC_TEST, af, When::Always },
    { ZYDIS_MNEMONIC_MUL, sf | zf | af | pf, When::Always },
    { ZYDIS_MNEMONIC_IMUL, sf | zf | af | pf, When::Always },
    { ZYDIS_MNEMONIC_DIV, cf | of | sf | zf | af | pf, When::Always },
    { ZYDIS_MNEMONIC_IDIV, cf | of | sf | zf | af | pf, When::Always },
    { ZYDIS_MNEMONIC_AAA, of | sf | zf | pf, When::Always },
    { ZYDIS_MNEMONIC_AAS, of | sf | zf | pf, When::Always },
    { ZYDIS_MNEMONIC_AAM, of | af | cf, When::Always },
    { ZYDIS_MNEMONIC_AAD, of | af | cf, When::Always },
    { ZYDIS_MNEMONIC_DAA, of, When::Always },
    { ZYDIS_MNEMONIC_DAS, of, When::Always },
    { ZYDIS_MNEMONIC_BT, of | sf | af | pf, When::Always },
    { ZYDIS_MNEMONIC_BTS, of | sf | af | pf, When::Always },
    { ZYDIS_MNEMONIC_BTR, of | sf | af | pf, When::Always },
    { ZYDIS_MNEMONIC_BTC, of | sf | af | pf, When::Always },
    { ZYDIS_MNEMONIC_BSF, cf | of | sf | af | pf, When::Always },
    { ZYDIS_MNEMONIC_BSR, cf | of | sf | af | pf, When::Always },
    { ZYDIS_MNEMONIC_SHL, af, When::Shifted },
    { ZYDIS_MNEMONIC_SHL, of, When::NotByOne },
    { ZYDIS_MNEMONIC_SHL, cf, When::ByAllOrMore },
    { ZYDIS_MNEMONIC_SHR, af, When::Shifted },
    { ZYDIS_MNEMONIC_SHR, of, When::NotByOne },
    { ZYDIS_MNEMONIC_SHR, cf, When::ByAllOrMore },
    { ZYDIS_MNEMONIC_SAR, af, When::Shifted },
    { ZYDIS_MNEMONIC_SAR, of, When::NotByOne },
    { ZYDIS_MNEMONIC_ROL, of, When::NotByOne },
    { ZYDIS_MNEMONIC_ROR, of, When::NotByOne },
    { ZYDIS_MNEMONIC_RCL, of, When::NotByOne },
    { ZYDIS_MNEMONIC_RCR, of, When::NotByOne },
    { ZYDIS_MNEMONIC_SHLD, af, When::Shifted },
    { ZYDIS_MNEMONIC_SHLD, of, When::NotByOne },
    { ZYDIS_MNEMONIC_SHLD, cf | of | sf | zf | pf, When::ByMoreThanAll },
    { ZYDIS_MNEMONIC_SHRD, af, When::Shifted },
    { ZYDIS_MNEMONIC_SHRD, of, When::NotByOne },
    { ZYDIS_MNEMONIC_SHRD, cf | of | sf | zf | pf, When::ByMoreThanAll },
};

unsigned shift_count(const CpuState& before, const Instruction& instruction)
{
    bool is_double = instruction.info.mnemonic == ZYDIS_MNEMONIC_SHLD || instruction.info.mnemonic == ZYDIS_MNEMONIC_SHRD;
    const auto& operand = instruction.operands[is_double ? 2 : 1];
    uint32_t count = operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE ? static_cast<uint32_t>(operand.imm.value.u)
                                                                  : before.gpr[Ecx];
    return count & 31;
}

bool applies(When when, const CpuState& before, const Instruction& instruction)
{
    if (when == When::Always)
        return true;
    unsigned count = shift_count(before, instruction), bits = instruction.operands[0].size;
    switch (when) {
    case When::Shifted:
        return count != 0;
    case When::NotByOne:
        return count > 1;
    case When::ByAllOrMore:
        return count >= bits;
    default:
        return count > bits;
    }
}

}

uint32_t undefined_flags(const CpuState& before, const Instruction& instruction)
{
    uint32_t undefined = 0;
    for (const auto& line : lines) {
        if (line.mnemonic == instruction.info.mnemonic && applies(line.when, before, instruction))
            undefined |= line.flags;
    }
    return undefined;
}

bool has_undefined_result(const CpuState& before, const Instruction& instruction)
{
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_SHLD:
    case ZYDIS_MNEMONIC_SHRD:
        return applies(When::ByMoreThanAll, before, instruction);
    case ZYDIS_MNEMONIC_BSWAP: // of a 16-bit register
        return instruction.info.operand_width == 16;
    default:
        return false;
    }
}

}
