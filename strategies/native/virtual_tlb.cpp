#include "core/verify.hpp"
#include "strategies/native/virtual_tlb_inline.hpp"

#include <algorithm>

namespace ringside {

namespace {

constexpr uint32_t window_pages = 1u << 20;

// A run that is not longer goes into the host's own page tables at once.
constexpr uint32_t populate_at_most = 2 * fill_around_reach + 1;
// Each mapping is a VMA of the host, which allows 65,530 by default (vm.max_map_count).
constexpr uint32_t most_host_mappings = 20000;
// A list of runs that has grown longer is made anew.
constexpr std::size_t longest_list = 4096;

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

Window::Protection VirtualTlb::protection_of(uint32_t entry) const
{
    if (m_rules.executable || (m_rules.user_executable && (entry & user)))
        return entry & writable ? Window::Protection::ReadWriteExecute : Window::Protection::ReadExecute;
    return entry & writable ? Window::Protection::ReadWrite : Window::Protection::Read;
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
