// Pieces that compute: instructions of the emulator's test cases, and floating-point ones.
#include "tests/differential/program_maker.hpp"

#include "core/x86/decode.hpp"
#include "tests/differential/undefined_flags.hpp"

#include <Zydis/Zydis.h>

namespace ringside::test {

namespace {

// Flags of which some processor may make what it likes, whatever the operands are.
bool may_leave_undefined_flags(const Instruction& instruction)
{
    CpuState shifted;
    shifted.gpr[Ecx] = 31;
    return undefined_flags(shifted, instruction) != 0 || instruction.info.meta.category == ZYDIS_CATEGORY_SHIFT
        || instruction.info.meta.category == ZYDIS_CATEGORY_ROTATE || instruction.info.mnemonic == ZYDIS_MNEMONIC_SHLD
        || instruction.info.mnemonic == ZYDIS_MNEMONIC_SHRD;
}

// What Unicorn is known to do otherwise than a processor (unicorn_test.cpp), and undefined results.
bool is_excluded(const Instruction& instruction)
{
    auto attributes = instruction.info.attributes;
    if (attributes & ZYDIS_ATTRIB_HAS_SEGMENT_CS)
        return true;
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_SHLD:
    case ZYDIS_MNEMONIC_SHRD:
    case ZYDIS_MNEMONIC_BSWAP:
        return instruction.info.operand_width == 16;
    case ZYDIS_MNEMONIC_ENTER: // clears the upper half of EBP; nested frames that overlap come out otherwise
        return instruction.info.operand_width == 16 || instruction.info.raw.imm[1].value.u % 32 != 0;
    case ZYDIS_MNEMONIC_NEG:
        return attributes & ZYDIS_ATTRIB_HAS_LOCK;
    case ZYDIS_MNEMONIC_CMPSB: // looks at ES:EDI first
    case ZYDIS_MNEMONIC_CMPSW:
    case ZYDIS_MNEMONIC_CMPSD:
    case ZYDIS_MNEMONIC_CMPXCHG8B: // takes flags that have not been computed yet
        return true;
    case ZYDIS_MNEMONIC_RCL:  // loses flags when it faults
    case ZYDIS_MNEMONIC_RCR:
    case ZYDIS_MNEMONIC_ARPL: // faults as a write even if it would not write
        return instruction.operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY;
    default:
        return false;
    }
}

// Unicorn may lose the flags when such an instruction faults, unless they have been asked for before.
bool asks_for_flags(const Instruction& instruction)
{
    return instruction.info.cpu_flags && instruction.info.cpu_flags->tested;
}

}

// One of the emulator's test cases, with its registers and flags or as things are.
void ProgramMaker::instruction(bool with_registers)
{
    const auto& forms = forms_without_branches();
    for (;;) {
        Case chosen = m_cases.make(forms[below(static_cast<uint32_t>(forms.size()))], here() + 64);
        Instruction decoded;
        bool known = decode_bytes(m_setting.state, chosen.bytes, decoded);
        if (!known || is_excluded(decoded))
            continue;
        if (with_registers)
            registers(chosen.state);
        if (asks_for_flags(decoded))
            one({ 0xF5 }); // cmc
        boundary();
        m_program.bytes.insert(m_program.bytes.end(), chosen.bytes.begin(), chosen.bytes.end());
        if (may_leave_undefined_flags(decoded))
            define_flags();
        else if (one_in(2))
            look_at_flags();
        if (ring_0() || one_in(4))
            load(Esp, stack());
        return;
    }
}

void ProgramMaker::registers(const CpuState& state)
{
    if (one_in(2)) {
        one({ 0x68 }, state.eflags & ~eflags::if_); // push
        one({ 0x9D });
    }
    for (unsigned reg = 0; reg < 8; ++reg) {
        if (reg != Esp)
            load(reg, state.gpr[reg]);
    }
    load(Esp, stack_low | (state.gpr[Esp] & 0x7FF));
}

// Defines all the status flags.
void ProgramMaker::define_flags()
{
    uint32_t value = interesting();
    one({ 0x81, 0xF8 | below(8) }, value); // cmp $imm, %reg
}

void ProgramMaker::look_at_flags()
{
    switch (below(4)) {
    case 0:
        one({ 0x9C });                             // pushf
        one({ 0x58 | below(4) });                  // pop %reg
        break;
    case 1:
        one({ 0x0F, 0x90 | below(16), 0xC0 | below(8) }); // setcc
        break;
    case 2:
        one({ 0x9F });                             // lahf
        break;
    case 3:
        one({ 0x66, 0x9C });                       // pushfw
        one({ 0x66, 0x9D });                       // popfw
        break;
    }
}

// A small instruction that faults never.
void ProgramMaker::filler()
{
    unsigned reg = below(4);
    switch (below(5)) {
    case 0: one({ 0x40 | reg }); break;
    case 1: one({ 0x01, 0xC0 | reg << 3 | below(4) }); break;
    case 2: one({ 0x83, 0xD0 | reg, below(256) }); break; // adc
    case 3: one({ 0xF5 }); break;                         // cmc
    case 4: one({ 0x19, 0xC0 | reg << 3 | below(4) }); break;
    }
}

// Unicorn knows neither full nor empty floating-point stacks: what is pushed is popped. Nor does it ask for alignment.
void ProgramMaker::floating_point()
{
    unsigned depth = 0;
    if (one_in(2)) {
        one({ 0xDB, 0xE3 }); // fninit
        one({ 0xD9, 0xE8 }); // fld1
        one({ 0xDB, 0x05 }, data()); // fild
        depth = 2;
    }
    for (unsigned times = 1 + below(4); times > 0; --times) {
        uint32_t at = data();
        switch (depth == 2 ? below(9) : 4 + below(5)) {
        case 0: one({ 0xDD, 0x15 }, at); break;             // fst, 64 bits
        case 1: one({ 0xD8, 0xC1 | below(2) << 3 }); break; // fadd, fmul
        case 2: one({ 0xDB, 0x15 }, at); break;             // fist
        case 3: one({ 0xD9, 0xC9 }); break;                 // fxch
        case 4: one({ 0x0F, 0x28, 0xC0 | below(64) }); break;          // movaps
        case 5: one({ 0x0F, 0x10, 0x05 | below(8) << 3 }, at); break;  // movups
        case 6: one({ 0x0F, 0x11, 0x05 | below(8) << 3 }, at); break;
        case 7: one({ 0x66, 0x0F, 0xFE, 0xC0 | below(64) }); break;    // paddd
        case 8: one({ 0x0F, 0x29, 0x05 | below(8) << 3 }, at & ~15u); break; // movaps
        }
    }
    if (depth == 2) {
        one({ 0xDD, 0x1D }, data()); // fstp
        one({ 0xDF, 0x3D }, data()); // fistp, 64 bits
    }
}

}
