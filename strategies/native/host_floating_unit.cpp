#include "strategies/native/host_floating_unit.hpp"

#include "core/x86/arithmetic.hpp"

#include <cerrno>
#include <cstring>
#include <string>
#include <sys/mman.h>

extern "C" uint64_t ringside_execute_floating(std::byte* image, std::byte* operand, const uint8_t* code);

namespace ringside {

namespace {

// Offsets in the image, and the masks of the exceptions (SDM 1 §8.1.5, §10.2.3, table 10-2).
constexpr std::size_t control_word = 0, last_instruction = 8, last_instruction_bytes = 16, mxcsr = 24;
constexpr uint16_t x87_masks = 0x3F;
constexpr uint32_t sse_masks = 0x1F80;

constexpr uint8_t escape = 0x0F, escape_38 = 0x38, escape_3a = 0x3A;
constexpr uint8_t operand_at_rsi = 6; // ModRM: mod 0, r/m 6 (SDM 2A table 2-2)

template<typename T>
T value_at(const std::byte* image, std::size_t offset)
{
    T value;
    std::memcpy(&value, image + offset, sizeof(value));
    return value;
}

// Of the prefixes those count that belong to the opcode; addresses are not what they were.
bool belongs_to_opcode(uint8_t prefix)
{
    return prefix == 0x66 || prefix == 0xF2 || prefix == 0xF3;
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

// The host CPU has found the instruction defined and its operand wanting, so what is left are the exceptions that the
// guest has not masked.
bool HostFloatingUnit::accepts(const Instruction&) const
{
    return (value_at<uint16_t>(m_image, control_word) & x87_masks) == x87_masks
        && (value_at<uint32_t>(m_image, mxcsr) & sse_masks) == sse_masks;
}

// The instruction, then PUSHF, POP RAX, RET.
void HostFloatingUnit::write_code(const Instruction& instruction)
{
    const auto& info = instruction.info;
    uint8_t* at = m_code;
    for (unsigned i = 0; i < info.raw.prefix_count; ++i) {
        if (belongs_to_opcode(info.raw.prefixes[i].value))
            *at++ = info.raw.prefixes[i].value;
    }
    if (info.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT)
        *at++ = escape;
    if (info.opcode_map == ZYDIS_OPCODE_MAP_0F38)
        *at++ = escape_38;
    if (info.opcode_map == ZYDIS_OPCODE_MAP_0F3A)
        *at++ = escape_3a;
    *at++ = info.opcode;
    *at++ = static_cast<uint8_t>(info.raw.modrm.reg << 3 | operand_at_rsi);
    if (info.raw.imm[0].size == 8)
        *at++ = static_cast<uint8_t>(info.raw.imm[0].value.u);
    for (uint8_t byte : std::array<uint8_t, 3> { 0x9C, 0x58, 0xC3 })
        *at++ = byte;
}

void HostFloatingUnit::execute(const Instruction& instruction, std::span<std::byte> operand, CpuState& state)
{
    write_code(instruction);
    std::array<std::byte, last_instruction_bytes> last {};
    std::memcpy(last.data(), m_image + last_instruction, last.size());
    uint64_t flags = ringside_execute_floating(m_image, operand.data(), m_code);
    std::memcpy(m_image + last_instruction, last.data(), last.size());
    // COMISS and its like set all of them, the others none.
    if (instruction.info.cpu_flags && instruction.info.cpu_flags->modified)
        state.eflags = (state.eflags & ~arithmetic::status_flags) | (static_cast<uint32_t>(flags) & arithmetic::status_flags);
}

}
