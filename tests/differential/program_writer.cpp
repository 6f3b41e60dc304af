#include "tests/differential/program_writer.hpp"

#include <iterator>

namespace ringside::test {

uint32_t ProgramWriter::interesting()
{
    constexpr uint32_t values[] { 0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF };
    return one_in(2) ? random() : values[below(std::size(values))];
}

void ProgramWriter::put(Code bytes)
{
    for (unsigned byte : bytes)
        m_program.bytes.push_back(static_cast<uint8_t>(byte));
}

void ProgramWriter::set_32(std::size_t at, uint32_t value)
{
    for (unsigned i = 0; i < 4; ++i)
        m_program.bytes[at + i] = static_cast<uint8_t>(value >> (8 * i));
}

void ProgramWriter::branch_back(unsigned opcode, uint32_t target)
{
    boundary();
    put({ opcode, (target - here() - 2) & 0xFF });
}

void ProgramWriter::later(bool relative)
{
    m_pending.push_back({ size(), relative, 1 + below(3) });
    put_32(0);
}

void ProgramWriter::end_piece()
{
    for (auto& pending : m_pending) {
        if (--pending.pieces == 0)
            lead_here(pending.at, pending.relative);
    }
    std::erase_if(m_pending, [](const Pending& pending) { return pending.pieces == 0; });
}

}
