#include "strategies/emulation/openings.hpp"

#include "strategies/emulation/host_code.hpp"

#include <algorithm>

namespace ringside {

// Blocks lie in the order in which they were translated. When Unicorn's buffer is full it begins anew.
void Openings::find_new()
{
    if (!is_there(m_last)) {
        m_last = {};
        m_ways_out.clear();
    }
    while (auto block = m_code.block_behind(m_last)) {
        m_last = *block;
        auto noted = m_noted.find(static_cast<uint32_t>(block->guest));
        if (noted == m_noted.end())
            continue;
        auto exits = m_code.exits_of(*block);
        for (std::size_t i = 0; i < exits.count; ++i) {
            if (exits.targets[i] != m_code.plain_return())
                continue;
            m_ways_out.push_back({ *block, exits.jumps[i], noted->second });
            lead(m_ways_out.back());
        }
    }
}

// A return must have its detour before it runs.
void Openings::note(uint32_t guest, bool is_return)
{
    m_noted[guest] = is_return;
    if (is_return && m_returns_lead_to != 0)
        find_new();
}

void Openings::lead_returns(uintptr_t target)
{
    m_returns_lead_to = target;
    find_new();
    for (const auto& way_out : m_ways_out)
        lead(way_out);
}

// The jump's distance follows its opcode, which may be a breakpoint just now.
void Openings::lead(const WayOut& way_out)
{
    if (!way_out.is_return || m_returns_lead_to == 0 || !is_there(way_out.block))
        return;
    auto distance = m_returns_lead_to - (way_out.jump + direct_jump_bytes);
    for (unsigned i = 0; i < 4; ++i)
        host_byte(way_out.jump + 1 + i) = static_cast<uint8_t>(distance >> (8 * i));
}

void Openings::set()
{
    find_new();
    replace(direct_jump, int3);
    m_is_set = true;
}

void Openings::remove()
{
    if (m_is_set)
        replace(int3, direct_jump);
    m_is_set = false;
}

// Only where the block still is that had the jump.
void Openings::replace(uint8_t before, uint8_t after)
{
    for (const auto& way_out : m_ways_out) {
        if (host_byte(way_out.jump) == before && is_there(way_out.block))
            host_byte(way_out.jump) = after;
    }
}

bool Openings::is_set(uintptr_t address) const
{
    return m_is_set
        && std::any_of(m_ways_out.begin(), m_ways_out.end(), [&](const auto& way_out) { return way_out.jump == address; });
}

bool Openings::is_there(const TranslatedCode::Block& block) const
{
    return m_code.block_starting_at(block.code) == block;
}

}
