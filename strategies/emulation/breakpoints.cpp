#include "strategies/emulation/breakpoints.hpp"

#include "strategies/emulation/host_code.hpp"

#include <algorithm>

namespace ringside {

void Breakpoints::set(uintptr_t address)
{
    if (m_count == m_set.size() || is_set(address))
        return;
    m_set[m_count++] = { address, host_byte(address) };
    host_byte(address) = int3;
}

void Breakpoints::set_at_exits_of(const TranslatedCode::Block& block)
{
    auto exits = m_code.exits_of(block);
    m_block = block;
    for (std::size_t i = 0; i < exits.count; ++i)
        set(exits.jumps[i]);
}

bool Breakpoints::is_set(uintptr_t address) const
{
    return std::any_of(m_set.begin(), m_set.begin() + m_count, [&](const auto& set) { return set.address == address; });
}

// The prologue and the epilogue are never replaced. A block with the same guest address and as much code at the same
// place has its jumps at the same places, and no instruction of translated code is INT3.
void Breakpoints::remove_all()
{
    bool same = m_block.code != 0 && m_code.block_starting_at(m_block.code) == m_block;
    for (; m_count != 0; --m_count) {
        const auto& set = m_set[m_count - 1];
        bool is_fixed = set.address <= m_code.epilogue();
        if ((is_fixed || same) && host_byte(set.address) == int3)
            host_byte(set.address) = set.replaced;
    }
    m_block = {};
}

}
