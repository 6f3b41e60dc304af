#include "strategies/native/host_floating_unit.hpp"

#include "core/machine/guest_memory.hpp"
#include "core/x86/arithmetic.hpp"

#include <algorithm>
#include <cerrno>
#include <cpuid.h>
#include <cstddef>
#include <cstring>
#include <string>
#include <sys/mman.h>

namespace ringside {

namespace {

// What host_floating_unit.S loads before the instruction and stores behind it; it knows the offsets.
struct HostRegisters {
    std::byte* image;
    std::byte* memory; // RSI, and RDI for MASKMOVQ
    uint64_t eax, ecx, edx, ebx, flags;
};
static_assert(offsetof(HostRegisters, flags) == 48);

extern "C" void ringside_execute_floating(HostRegisters* registers, const uint8_t* code);

constexpr uint8_t escape = 0x0F, escape_38 = 0x38, escape_3a = 0x3A, operand_size = 0x66, ret = 0xC3;
constexpr uint8_t at_rsi = 6, ebx = 3; // ModRM.rm with mod 0, ModRM.reg (SDM 2A table 2-2)

// Bit in ECX of CPUID leaf 1 (SDM 2A table 3-10). What is not here every 64-bit CPU has.
struct Extension {
    ZydisISASet set;
    unsigned bit;
};
constexpr Extension extensions[] = {
    { ZYDIS_ISA_SET_SSE3, 0 },
    { ZYDIS_ISA_SET_SSE3X87, 0 },
    { ZYDIS_ISA_SET_SSSE3, 9 },
    { ZYDIS_ISA_SET_SSSE3MMX, 9 },
    { ZYDIS_ISA_SET_SSE4, 19 },
    { ZYDIS_ISA_SET_SSE42, 20 },
    { ZYDIS_ISA_SET_MOVBE, 22 },
    { ZYDIS_ISA_SET_POPCNT, 23 },
};

uint32_t host_extensions()
{
    unsigned eax = 0, other = 0, ecx = 0, edx = 0;
    return __get_cpuid(1, &eax, &other, &ecx, &edx) ? ecx : 0;
}

bool is_general_register(const ZydisDecodedOperand& operand)
{
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value >= ZYDIS_REGISTER_AL
        && operand.reg.value <= ZYDIS_REGISTER_EDI;
}

// In POPCNT, CRC32 and MOVBE the prefix says how long the operands are, and the guest's code segment what it means. In
// all others it is part of the opcode, or of no account.
bool has_size_prefix(const Instruction& instruction)
{
    auto mnemonic = instruction.info.mnemonic;
    bool is_sized = mnemonic == ZYDIS_MNEMONIC_POPCNT || mnemonic == ZYDIS_MNEMONIC_CRC32 || mnemonic == ZYDIS_MNEMONIC_MOVBE;
    return is_sized && instruction.info.operand_width == 16;
}

uint8_t adapted_modrm(const Instruction& instruction)
{
    const auto& modrm = instruction.info.raw.modrm;
    unsigned mod = modrm.mod, reg = modrm.reg, rm = modrm.rm;
    for (const auto& operand : instruction.all_operands()) {
        bool general = is_general_register(operand);
        if (general && operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG)
            reg = ebx;
        if ((general || operand.type == ZYDIS_OPERAND_TYPE_MEMORY) && operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM) {
            mod = 0;
            rm = at_rsi;
        }
    }
    return static_cast<uint8_t>(mod << 6 | reg << 3 | rm);
}

}

HostFloatingUnit::~HostFloatingUnit()
{
    if (m_code)
        munmap(m_code, page_size);
}

Result<void> HostFloatingUnit::set_up()
{
    void* page = mmap(nullptr, page_size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return fail(ExitCode::Unavailable, std::string("the host refuses a page for code: ") + std::strerror(errno));
    m_code = static_cast<uint8_t*>(page);
    return {};
}

bool HostFloatingUnit::has(const Instruction& instruction) const
{
    static const uint32_t present = host_extensions();
    auto extension = std::ranges::find(extensions, instruction.info.meta.isa_set, &Extension::set);
    return extension == std::end(extensions) || present >> extension->bit & 1;
}

// Of the prefixes those stay that belong to the opcode.
void HostFloatingUnit::write_code(const Instruction& instruction)
{
    const auto& info = instruction.info;
    uint8_t* at = m_code;
    if (has_size_prefix(instruction))
        *at++ = operand_size;
    for (unsigned i = 0; i < info.raw.prefix_count; ++i) {
        if (info.raw.prefixes[i].type == ZYDIS_PREFIX_TYPE_MANDATORY)
            *at++ = info.raw.prefixes[i].value;
    }
    if (info.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT)
        *at++ = escape;
    if (info.opcode_map == ZYDIS_OPCODE_MAP_0F38)
        *at++ = escape_38;
    if (info.opcode_map == ZYDIS_OPCODE_MAP_0F3A)
        *at++ = escape_3a;
    *at++ = info.opcode;
    if (info.attributes & ZYDIS_ATTRIB_HAS_MODRM)
        *at++ = adapted_modrm(instruction);
    if (info.raw.imm[0].size == 8)
        *at++ = static_cast<uint8_t>(info.raw.imm[0].value.u);
    *at++ = ret;
}

void HostFloatingUnit::execute(const Instruction& instruction, FloatingOperands& operands)
{
    write_code(instruction);
    HostRegisters registers { operands.registers, operands.memory.data(), operands.eax, operands.ecx, operands.edx,
        operands.reg, operands.flags & arithmetic::status_flags };
    ringside_execute_floating(&registers, m_code);
    operands.eax = static_cast<uint32_t>(registers.eax);
    operands.ecx = static_cast<uint32_t>(registers.ecx);
    operands.edx = static_cast<uint32_t>(registers.edx);
    operands.reg = static_cast<uint32_t>(registers.ebx);
    operands.flags = static_cast<uint32_t>(registers.flags) & arithmetic::status_flags;
}

}
