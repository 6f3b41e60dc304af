#include "strategies/rewriting/code_map.hpp"

#include "core/x86/paging.hpp"

#include <utility>

namespace ringside::rewriting {

std::optional<CodeMap::Found> CodeMap::find(const CpuState& state, uint32_t address)
{
    auto walk = walk_pages(m_memory, state, Gla { address }, Access::Execute, privilege_of(state), AccessedDirty::Update);
    if (!walk.present)
        return std::nullopt;
    uint64_t frame = walk.physical.value / page_size;
    return Found { m_memory.contains(Gpa { frame * page_size }, page_size), static_cast<uint32_t>(frame) };
}

// A block that became dormant for another reason than its pages is still among theirs.
void CodeMap::add(Block& block)
{
    if (std::exchange(block.mapped, true))
        return;
    auto put = [&](uint32_t address, uint32_t frame) {
        Page& page = m_pages[key_of(address, block.key.ring)];
        page.frame = frame;
        page.blocks.push_back(block.id);
        if (block.slept && !std::exchange(page.told, true))
            m_events.awake(address / page_size * page_size, block.key.ring, frame);
    };
    put(block.key.eip, block.key.frame);
    if (block.crosses)
        put(block.key.eip + page_size, block.second_frame);
}

void CodeMap::revalidate(const CpuState& state)
{
    for (auto at = m_pages.begin(); at != m_pages.end();) {
        if (is_valid(state, at->first, at->second)) {
            ++at;
            continue;
        }
        sleep(at->first, at->second);
        at = m_pages.erase(at);
    }
}

void CodeMap::revalidate(const CpuState& state, Gla address)
{
    for (auto ring : { CodeRing::Ring0, CodeRing::Ring3 }) {
        auto found = m_pages.find(key_of(address.value, ring));
        if (found == m_pages.end() || is_valid(state, found->first, found->second))
            continue;
        sleep(found->first, found->second);
        m_pages.erase(found);
    }
}

bool CodeMap::is_valid(const CpuState& state, uint32_t key, const Page& page) const
{
    Gla address { key >> 1 << 12 };
    auto privilege = key & 1 ? Privilege::User : Privilege::Supervisor;
    auto walk = walk_pages(m_memory, state, address, Access::Execute, privilege, AccessedDirty::Leave);
    return walk.present && walk.physical.value / page_size == page.frame;
}

void CodeMap::sleep(uint32_t key, const Page& page)
{
    std::size_t blocks = 0;
    for (BlockId id : page.blocks) {
        Block& block = *m_cache.block(id);
        block.mapped = false;
        block.slept = true;
        blocks += block.active;
        m_cache.deactivate(block);
    }
    if (blocks > 0)
        m_events.dormant(key >> 1 << 12, key & 1 ? CodeRing::Ring3 : CodeRing::Ring0, page.frame, blocks);
}

void CodeMap::forget()
{
    for (const auto& [key, page] : m_pages) {
        for (BlockId id : page.blocks) {
            Block& block = *m_cache.block(id);
            block.mapped = block.slept = false;
            m_cache.deactivate(block);
        }
    }
    m_pages.clear();
}

}
