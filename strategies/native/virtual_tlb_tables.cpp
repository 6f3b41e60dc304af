// What the guest's tables say about pages: those that are mapped together with the one that faulted, and those that are
// mapped when the tables, or CR3, may have changed.
#include "strategies/native/virtual_tlb_inline.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ringside {

// The pages around `page` that can be mapped together with it: consecutive frames with the same rights. Large pages, and
// linear addresses without paging, have all flags in common; of small ones only those count whose flags are set already.
VirtualTlb::Run VirtualTlb::run_around(const CpuState& state, uint32_t page, uint32_t entry, uint32_t page_bytes) const
{
    uint32_t first = page & ~(pages_per_table - 1);
    uint32_t last = first + pages_per_table - 1;
    if (entry & large) {
        if (page_bytes == 2 * mebibyte) {
            first = page & ~(pages_per_table / 2 - 1);
            last = first + pages_per_table / 2 - 1;
        }
    } else {
        if (!plain_paging(state))
            return { page, 1 };
        first = std::max(first, page > fill_around_reach ? page - fill_around_reach : 0);
        last = std::min(last, page + fill_around_reach);
    }
    auto fits = [&](uint32_t neighbor) {
        uint32_t wanted = entry + (neighbor - page) * page_size;
        if (restricted(wanted) != wanted)
            return false;
        if (m_entries[neighbor] & mapped)
            return entry & large ? m_entries[neighbor] != wanted : false;
        return is_mappable(neighbor, wanted & frame_mask) && ((entry & large) || entry_in_tables(state, neighbor) == wanted);
    };
    uint32_t begin = page, end = page + 1;
    while (begin > first && fits(begin - 1))
        --begin;
    while (end <= last && fits(end))
        ++end;
    return { begin, end - begin };
}

// What a small page of 32-bit paging would be mapped as without setting a flag in the guest's tables; 0 if it would not
// be (SDM 3A table 4-6). A page that is writable but not dirty is read-only here.
uint32_t VirtualTlb::entry_in_tables(const CpuState& state, uint32_t page) const
{
    return entry_in_table(state, entry_in_directory(state, page), page);
}

uint32_t VirtualTlb::entry_in_table(const CpuState& state, uint32_t directory, uint32_t page) const
{
    if (!leads_to_table(state, directory))
        return 0;
    auto found = m_memory.read<uint32_t>(Gpa { (directory & frame_mask) + page % pages_per_table * 4 });
    return found ? restricted(unrestricted_entry(state, directory, *found)) : 0;
}

bool VirtualTlb::leads_to_table(const CpuState& state, uint32_t directory)
{
    constexpr uint32_t needed = page_entry::present | page_entry::accessed;
    return (directory & needed) == needed && !((directory & page_entry::large) && (state.cr4 & cr4::pse));
}

uint32_t VirtualTlb::unrestricted_entry(const CpuState& state, uint32_t directory, uint32_t found)
{
    constexpr uint32_t needed = page_entry::present | page_entry::accessed;
    if ((found & needed) != needed)
        return 0;
    uint32_t entry = (found & frame_mask) | mapped;
    uint32_t both = found & directory;
    if ((both & page_entry::writable) && (found & page_entry::dirty))
        entry |= writable;
    if (both & page_entry::user)
        entry |= user;
    if ((found & page_entry::global) && (state.cr4 & cr4::pge))
        entry |= global;
    return entry;
}

// What the first 4 KiB of a 4 MiB page would be mapped as; 0 if the directory's entry is of none (SDM 3A table 4-4).
uint32_t VirtualTlb::entry_of_large_page(const CpuState& state, uint32_t directory)
{
    constexpr uint32_t needed = page_entry::present | page_entry::large;
    if ((directory & needed) != needed || !(state.cr4 & cr4::pse))
        return 0;
    uint32_t entry = (directory & 0xFFC00000) | mapped | large;
    if ((directory & page_entry::writable) && (directory & page_entry::dirty))
        entry |= writable;
    if (directory & page_entry::user)
        entry |= user;
    if ((directory & page_entry::global) && (state.cr4 & cr4::pge))
        entry |= global;
    return entry;
}

uint32_t VirtualTlb::entry_in_directory(const CpuState& state, uint32_t page) const
{
    return m_memory.read<uint32_t>(Gpa { (state.cr3 & frame_mask) + page / pages_per_table * 4 }).value_or(0);
}

// The new tables usually map most pages as the old ones did: the kernel's, above all. Those stay.
void VirtualTlb::load_page_directory(const CpuState& state)
{
    if (!plain_paging(state))
        return flush();
    for_each_table([&](Run table) { revalidate(state, table.page / pages_per_table); });
}

void VirtualTlb::revalidate(const CpuState& state, uint32_t directory_index)
{
    uint32_t first = directory_index * pages_per_table;
    uint32_t directory = entry_in_directory(state, first);
    uint32_t large_entry = entry_of_large_page(state, directory);
    Gpa table { directory & frame_mask };
    bool has_table = leads_to_table(state, directory) && m_memory.contains(table, page_size);
    const std::byte* entries = has_table ? std::as_const(m_memory).bytes(table, page_size).data() : nullptr;
    auto wanted = [&](uint32_t page) {
        if (large_entry)
            return large_entry + (page - first) * page_size;
        uint32_t found = 0;
        if (entries)
            std::memcpy(&found, entries + (page - first) * sizeof(found), sizeof(found));
        return unrestricted_entry(state, directory, found);
    };
    Run stale { 0, 0 };
    auto drop = [&](uint32_t page) {
        if (stale.count > 0 && stale.page + stale.count == page) {
            ++stale.count;
            return;
        }
        if (stale.count > 0)
            unmap(stale);
        stale = { page, 1 };
    };
    for_each_page({ first, pages_per_table }, [&](uint32_t page) {
        uint32_t old = m_entries[page];
        if (old & global)
            return;
        // A page that has become dirty since it was mapped read-only may stay as it is, and so may one that must be read-only.
        uint32_t now = wanted(page);
        if (now == old || now == (old | writable))
            return;
        now = restricted(now);
        if (now != 0 && !large_entry && m_tuning.replace && is_mappable(page, now & frame_mask)
            && map({ page, 1 }, now))
            return;
        drop(page);
    });
    if (stale.count > 0)
        unmap(stale);
}

// SDM 3A §4.10.4.1: also the entries for global pages, and all of a large page.
void VirtualTlb::invalidate_page(const CpuState& state, Gla address)
{
    uint32_t page = page_of(address);
    uint32_t old = m_entries[page];
    if (!(old & mapped))
        return;
    if (old & large)
        return unmap({ page & ~(pages_per_table - 1), pages_per_table });
    uint32_t now = plain_paging(state) ? entry_in_tables(state, page) : 0;
    if (now == old)
        return;
    if (now != 0 && m_tuning.replace && is_mappable(page, now & frame_mask) && map({ page, 1 }, now))
        return;
    unmap({ page, 1 });
}

void VirtualTlb::refresh(const CpuState& state, Gla first, uint32_t count)
{
    uint32_t end = std::min(page_of(first) + count, m_end_page);
    auto wanted = [&](uint32_t page) {
        uint32_t entry = plain_paging(state) ? entry_in_tables(state, page) : 0;
        return is_mappable(page, entry & frame_mask) ? entry : 0;
    };
    for (uint32_t page = page_of(first); page < end;) {
        uint32_t begin = page;
        uint32_t entry = wanted(page++);
        while (page < end && wanted(page) == (entry ? entry + (page - begin) * page_size : 0))
            ++page;
        Run run { begin, page - begin };
        if (entry && !map(run, entry))
            return flush();
        if (!entry && has_mapped(run))
            unmap(run);
    }
}

bool VirtualTlb::has_mapped(Run run) const
{
    return std::any_of(m_entries.get() + run.page, m_entries.get() + run.page + run.count,
        [](uint32_t entry) { return entry & mapped; });
}

}
