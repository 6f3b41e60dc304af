#include "tests/differential/program.hpp"

#include "core/x86/decode.hpp"

#include <Zydis/Zydis.h>
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>

namespace ringside::test {

std::string disassembly(const Program& program)
{
    std::string text;
    ZydisFormatter formatter;
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_ATT);
    for (uint16_t offset : program.boundaries) {
        std::array<uint8_t, longest_instruction> padded {};
        auto length = std::min<std::size_t>(padded.size(), program.bytes.size() - offset);
        std::copy_n(program.bytes.begin() + offset, length, padded.begin());
        std::array<char, 100> line { "?" };
        Instruction instruction;
        uint32_t eip = program_layout::code + offset;
        if (decode_bytes(program.state, padded, instruction))
            ZydisFormatterFormatInstruction(&formatter, &instruction.info, instruction.operands.data(),
                instruction.info.operand_count_visible, line.data(), line.size(), eip, nullptr);
        fmt::format_to(std::back_inserter(text), "    {:x}: {}\n", eip, line.data());
    }
    return text;
}

}
