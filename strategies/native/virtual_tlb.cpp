#include "strategies/native/virtual_tlb.hpp"

#include "core/verify.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace ringside {

namespace {

constexpr uint32_t window_pages = 1u << 20;
constexpr uint32_t pages_per_table = 1024; // of 32-bit paging: 4 MiB
constexpr uint32_t frame_mask = 0xFFFFF000;

// Fill-around maps at most this many pages to each side of the one that faulted.
constexpr uint32_t reach = 16;
// A run that is not longer goes into the host's own page tables at once.
constexpr uint32_t populate_at_most = 2 * reach + 1;
// Each mapping is a VMA of the host, which allows 65,530 by default (vm.max_map_count).
constexpr uint32_t most_host_mappings = 20000;
// A list of runs that has grown longer is made anew.
constexpr std::size_t longest_list = 4096;

uint32_t page_of(Gla address)
{
    return address.value / page_size;
}

bool plain_paging(const CpuState& state)
{
    return (state.cr0 & cr0::pg) && !(state.cr4 & cr4::pae);
}

}

VirtualTlb::VirtualTlb(GuestMemory& memory, Window& window, uint64_t end)
    : m_memory(memory)
    , m_window(window)
    , m_end_page(static_cast<uint32_t>(end / page_size))
    , m_entries(static_cast<uint32_t*>(std::calloc(window_pages, sizeof(uint32_t))))
    , m_count(window_pages / pages_per_table)
    , m_pages(window_pages / 64)
{
    VERIFY(m_entries);
}

TlbFill VirtualTlb::fill(const CpuState& state, Gla address, Access access, Privilege privilege)
{
    uint32_t page = page_of(address);
    if (privilege == Privilege::Supervisor && m_visit) {
        if (auto revealed = reveal_around(page, access))
            return { TlbFill::Outcome::Mapped, 0, revealed->count };
    }
    auto walk = walk_pages(m_memory, state, address, access, privilege, AccessedDirty::Update);
    if (!walk.present)
        return { TlbFill::Outcome::PageFault, walk.error_code };
    if (page >= m_end_page)
        return { TlbFill::Outcome::Emulate };
    bool paging = state.cr0 & cr0::pg;
    bool may_write = !paging || walk.writable;
    if (access == Access::Write && !may_write)
        return { TlbFill::Outcome::Emulate };
    uint64_t frame = walk.physical.value & ~uint64_t { page_size - 1 };
    if (!is_mappable(page, frame))
        return { TlbFill::Outcome::Emulate };

    uint32_t entry = static_cast<uint32_t>(frame) | mapped;
    if (may_write && (!paging || walk.dirty))
        entry |= writable;
    if (!paging || walk.user)
        entry |= user;
    if (walk.global)
        entry |= global;
    if (!paging || walk.page_bytes > page_size)
        entry |= large;
    entry = restricted(entry);
    if (access == Access::Write && !(entry & writable))
        return { TlbFill::Outcome::Emulate };
    Run run = m_tuning.fill_around ? run_around(state, page, entry, paging ? walk.page_bytes : 0) : Run { page, 1 };
    entry -= (page - run.page) * page_size;
    if (!map(run, entry)) {
        flush();
        VERIFY(map(run, entry));
    }
    return { TlbFill::Outcome::Mapped, 0, run.count };
}

// RAM, at an address that the host lets us use.
bool VirtualTlb::is_mappable(uint32_t page, uint64_t frame) const
{
    return page >= m_window.begin() / page_size && page < m_end_page && m_memory.contains(Gpa { frame }, page_size);
}

uint32_t VirtualTlb::restricted(uint32_t entry) const
{
    bool read_only = m_rules.read_only && m_rules.read_only->watches((entry & frame_mask) / page_size);
    return read_only ? entry & ~uint32_t { writable } : entry;
}

Window::Protection VirtualTlb::protection_of(uint32_t entry) const
{
    if (m_rules.executable || (m_rules.user_executable && (entry & user)))
        return entry & writable ? Window::Protection::ReadWriteExecute : Window::Protection::ReadExecute;
    return entry & writable ? Window::Protection::ReadWrite : Window::Protection::Read;
}

// The parts of the window, in steps of 4 MiB, in which anything is mapped. Some of them may have been emptied since.
template<typename Action>
void VirtualTlb::for_each_table(Action action) const
{
    for (uint32_t word = 0; word < m_tables.size(); ++word) {
        for (uint64_t left = m_tables[word]; left != 0; left &= left - 1) {
            uint32_t index = word * 64 + static_cast<uint32_t>(std::countr_zero(left));
            if (m_count[index] > 0)
                action(Run { index * pages_per_table, pages_per_table });
        }
    }
}

// The mapped ones of a part that begins and ends where 4 MiB do. Pages may be mapped anew and unmapped meanwhile.
template<typename Action>
void VirtualTlb::for_each_page(Run part, Action action) const
{
    for (uint32_t word = part.page / 64; word < (part.page + part.count) / 64; ++word) {
        for (uint64_t left = m_pages[word]; left != 0; left &= left - 1)
            action(word * 64 + static_cast<uint32_t>(std::countr_zero(left)));
    }
}

void VirtualTlb::write_protect(uint32_t frame)
{
    for_each_table([&](Run table) {
        for_each_page(table, [&](uint32_t page) {
            uint32_t& entry = m_entries[page];
            if (!(entry & writable) || (entry & frame_mask) / page_size != frame)
                return;
            entry &= ~uint32_t { writable };
            if (!is_concealed(page))
                m_window.protect(Gla { page * page_size }, page_size, protection_of(entry));
            m_host_mappings += 2;
        });
    });
}

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
        first = std::max(first, page > reach ? page - reach : 0);
        last = std::min(last, page + reach);
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

uint32_t VirtualTlb::entry_in_directory(const CpuState& state, uint32_t page) const
{
    return m_memory.read<uint32_t>(Gpa { (state.cr3 & frame_mask) + page / pages_per_table * 4 }).value_or(0);
}

bool VirtualTlb::map(Run run, uint32_t entry)
{
    if (m_host_mappings >= most_host_mappings)
        return false;
    auto protection = protection_of(entry);
    auto populate = run.count <= populate_at_most ? Window::Populate::Now : Window::Populate::Later;
    if (!m_window.map(Gla { run.page * page_size }, uint64_t { run.count } * page_size, m_memory.descriptor(),
            entry & frame_mask, protection, populate))
        return false;
    m_host_mappings += 2; // it may also have cut one in two
    for (uint32_t page = run.page; page < run.page + run.count; ++page, entry += page_size) {
        if (!(m_entries[page] & mapped))
            note_mapped(page);
        m_entries[page] = entry;
    }
    if (!(entry & user))
        remember_supervisor(run);
    conceal_or_remember(run, entry);
    return true;
}

void VirtualTlb::note_mapped(uint32_t page)
{
    uint32_t table = page / pages_per_table;
    if (m_count[table]++ == 0)
        m_tables[table / 64] |= uint64_t { 1 } << table % 64;
    m_pages[page / 64] |= uint64_t { 1 } << page % 64;
    ++m_mapped;
}

void VirtualTlb::forget(Run run)
{
    for (uint32_t page = run.page; page < run.page + run.count; ++page) {
        if (m_entries[page] & mapped) {
            --m_count[page / pages_per_table];
            --m_mapped;
            m_entries[page] = 0;
            m_pages[page / 64] &= ~(uint64_t { 1 } << page % 64);
        }
    }
}

void VirtualTlb::unmap(Run run)
{
    forget(run);
    m_window.unmap(uint64_t { run.page } * page_size, uint64_t { run.count } * page_size);
    ++m_host_mappings;
}

void VirtualTlb::flush()
{
    if (m_mapped > 0) {
        for_each_table([this](Run table) { forget(table); });
        m_tables = {};
        m_window.unmap(0, uint64_t { m_end_page } * page_size);
    }
    m_host_mappings = 0;
    m_concealed_from = 0;
    m_visit = false;
    m_revealed.clear();
    m_low_supervisor.clear();
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
    bool is_large = (directory & page_entry::large) && (state.cr4 & cr4::pse);
    uint32_t large_entry = 0;
    if ((directory & page_entry::present) && is_large) {
        large_entry = (directory & 0xFFC00000) | mapped | large;
        if ((directory & page_entry::writable) && (directory & page_entry::dirty))
            large_entry |= writable;
        if (directory & page_entry::user)
            large_entry |= user;
        if ((directory & page_entry::global) && (state.cr4 & cr4::pge))
            large_entry |= global;
    }
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

void VirtualTlb::remember_supervisor(Run run)
{
    if (uint64_t { run.page } * page_size >= m_boundary)
        return;
    if (m_low_supervisor.size() >= longest_list) {
        m_low_supervisor.clear();
        m_boundary = 0; // hide_supervisor_pages() looks at every page then
        return;
    }
    m_low_supervisor.push_back(run);
}

void VirtualTlb::hide_supervisor_pages(uint64_t boundary)
{
    auto end = static_cast<uint32_t>(boundary / page_size);
    if (boundary == m_boundary) {
        for (Run run : m_low_supervisor)
            hide(run, end);
    } else {
        for (uint32_t page = 0; page < end; page += pages_per_table) {
            if (m_count[page / pages_per_table] > 0)
                hide({ page, pages_per_table }, end);
        }
    }
    m_boundary = boundary;
    m_low_supervisor.clear();
}

void VirtualTlb::hide(Run run, uint32_t end)
{
    Run hidden { 0, 0 };
    for (uint32_t page = run.page; page < std::min(run.page + run.count, end); ++page) {
        if (!(m_entries[page] & mapped) || (m_entries[page] & user))
            continue;
        if (hidden.count > 0 && hidden.page + hidden.count == page) {
            ++hidden.count;
            continue;
        }
        if (hidden.count > 0)
            unmap(hidden);
        hidden = { page, 1 };
    }
    if (hidden.count > 0)
        unmap(hidden);
}

}
