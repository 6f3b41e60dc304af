// Keeping translated code in step with guest memory (code_pages.hpp says why that is the emulator's work).
#include "core/x86/paging.hpp"
#include "strategies/emulation/emulator.hpp"

#include <algorithm>

namespace ringside {

// The block at `address` has just been translated, for m_cpu.
void Emulator::guard_code(uint32_t address, uint32_t size)
{
    auto& memory = m_engine.memory();
    bool mixed = false;
    Gpa first {};
    for (uint32_t at : { address, address + size - 1 }) {
        auto walk = walk_pages(memory, m_cpu, Gla { at }, Access::Execute, Privilege::Supervisor, AccessedDirty::Leave);
        if (!walk.present)
            return;
        if (at == address)
            first = walk.physical;
        m_flush_tlb = m_code_pages.protect(walk.physical) || m_flush_tlb;
        mixed = mixed || m_code_pages.is_mixed(walk.physical);
    }
    if (!mixed)
        return;
    auto& blocks = m_verified[address];
    std::erase_if(blocks, [&](const VerifiedBlock& block) { return block.physical == first; });
    blocks.push_back({ first, fetch_code(memory, m_cpu, address, size) });
    bool watched = m_watches.contains(address)
        || std::ranges::any_of(m_new_watches, [&](const auto& watch) { return watch.address == address; });
    if (!watched)
        m_new_watches.push_back({ address, { WatchReason::Verify } });
}

// True unless the block at `address` lies in a Mixed page and differs from what was translated. A block that was longer
// when it was translated from another frame counts as changed, too: it is simply translated again.
bool Emulator::is_current(uint32_t address)
{
    auto known = m_verified.find(address);
    if (known == m_verified.end())
        return true;
    m_state.save(m_cpu, StatePart::Integer);
    auto& memory = m_engine.memory();
    auto walk = walk_pages(memory, m_cpu, Gla { address }, Access::Execute, Privilege::Supervisor, AccessedDirty::Leave);
    if (!walk.present)
        return true;
    auto block = std::ranges::find(known->second, walk.physical, &VerifiedBlock::physical);
    if (block == known->second.end())
        return true;
    auto size = static_cast<uint32_t>(block->bytes.size());
    if (fetch_code(memory, m_cpu, address, size) == block->bytes)
        return true;
    m_stale_pages.push_back(Gpa { walk.physical.value & ~uint64_t { page_size - 1 } });
    known->second.erase(block);
    return false;
}

// Unicorn drops translations by linear address. With paging off linear is physical, whatever the guest has mapped now.
void Emulator::drop_changed_code()
{
    auto pages = m_code_pages.take_written(m_engine.clock().now());
    pages.insert(pages.end(), m_stale_pages.begin(), m_stale_pages.end());
    m_stale_pages.clear();
    if (!pages.empty()) {
        m_state.save(m_cpu, StatePart::Integer);
        CpuState flat = m_cpu;
        flat.cr0 &= ~cr0::pg;
        m_state.load(flat, StatePart::Integer);
        for (Gpa page : pages) {
            uc_ctl_remove_cache(m_unicorn.get(), page.value, page.value + page_size);
            m_engine.recorder().event({ .kind = EventKind::TranslationFlush, .a = page.value, .b = page_size });
        }
        m_state.load(m_cpu, StatePart::Integer);
    }
    // Stores to a page of code must take Unicorn's slow way, which also handles a block that changes itself.
    uc_ctl_flush_tlb(m_unicorn.get());
    m_flush_tlb = false;
}

}
