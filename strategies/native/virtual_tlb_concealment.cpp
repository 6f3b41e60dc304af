// How the pages of ring 0 above the boundary are put out of ring 3's reach and given back (docs/decisions/0010).
//
// A visit to ring 0 is mostly a short one, a timer interrupt, which touches a few pages of a kernel, and the same ones each
// time. Each run of pages costs a call of the host there and back, so only those that are touched are given back: on a page
// fault the first time, at once from then on.
#include "strategies/native/virtual_tlb_inline.hpp"

#include <algorithm>

namespace ringside {

namespace {

// A visit that touches more runs than this has use for everything.
constexpr std::size_t most_runs = 12;
// What was touched once is not touched for ever: every so many visits the list begins anew.
constexpr uint32_t visits_to_a_list = 256;

}

// What is not mapped has no rights to lose, and what is concealed already costs the host next to nothing, so that one call
// is enough.
void VirtualTlb::conceal(uint64_t boundary)
{
    auto first = static_cast<uint32_t>(boundary / page_size);
    if (first >= m_end_page || concealed())
        return;
    uint32_t begin = first, end = m_end_page;
    if (m_concealed_from == first) {
        begin = m_end_page;
        end = first;
        for (Run run : m_revealed) {
            begin = std::min(begin, run.page);
            end = std::max(end, run.page + run.count);
        }
    } else {
        reveal_everything(); // of another boundary
        m_revealed.clear();
    }
    if (begin < end)
        m_window.protect(Gla { begin * page_size }, uint64_t { end - begin } * page_size, Window::Protection::None);
    m_concealed_from = first;
    m_visit = false;
}

void VirtualTlb::reveal()
{
    if (!concealed())
        return;
    m_visit = true;
    if (++m_visits % visits_to_a_list == 0)
        m_revealed.clear();
    for (Run run : m_revealed)
        reveal_run(run);
}

bool VirtualTlb::is_concealed(uint32_t page) const
{
    if (m_concealed_from == 0 || page < m_concealed_from)
        return false;
    auto holds = [page](Run run) { return page >= run.page && page - run.page < run.count; };
    return !m_visit || std::none_of(m_revealed.begin(), m_revealed.end(), holds);
}

// A new mapping has its rights, whatever was there before.
void VirtualTlb::conceal_or_remember(Run run, uint32_t entry)
{
    uint32_t end = run.page + run.count;
    if (m_concealed_from == 0 || end <= m_concealed_from)
        return;
    uint32_t begin = std::max(run.page, m_concealed_from);
    if (concealed() && !(entry & user))
        m_window.protect(Gla { begin * page_size }, uint64_t { end - begin } * page_size, Window::Protection::None);
    else
        remember_revealed({ begin, end - begin });
}

void VirtualTlb::remember_revealed(Run run)
{
    uint32_t end = run.page + run.count;
    auto holds = [&](Run other) { return run.page >= other.page && end <= other.page + other.count; };
    if (std::any_of(m_revealed.begin(), m_revealed.end(), holds))
        return;
    m_revealed.push_back(run);
    if (m_visit && m_revealed.size() > most_runs)
        reveal_everything();
}

// Ring 0 was refused `access` to a page. If that was for its being concealed: gives it back, with its neighbors of the
// same rights.
std::optional<VirtualTlb::Run> VirtualTlb::reveal_around(uint32_t page, Access access)
{
    constexpr uint32_t rights = mapped | writable;
    uint32_t own = m_entries[page] & rights;
    if (!(own & mapped) || (access == Access::Write && !(own & writable)) || !is_concealed(page))
        return std::nullopt;
    uint32_t first = std::max(page & ~(pages_per_table - 1), m_concealed_from);
    uint32_t last = std::min(page | (pages_per_table - 1), m_end_page - 1);
    uint32_t begin = page, end = page + 1;
    while (begin > first && (m_entries[begin - 1] & rights) == own)
        --begin;
    while (end <= last && (m_entries[end] & rights) == own)
        ++end;
    Run run { begin, end - begin };
    reveal_run(run);
    remember_revealed(run);
    return run;
}

void VirtualTlb::reveal_everything()
{
    if (m_concealed_from == 0)
        return;
    Run all { m_concealed_from, m_end_page - m_concealed_from };
    reveal_run(all);
    m_revealed.assign(1, all);
}

// One call of the host for each run of pages with the same rights.
void VirtualTlb::reveal_run(Run run)
{
    uint32_t begin = run.page, rights = 0, end = run.page + run.count;
    auto give_back = [&](uint32_t up_to) {
        if (rights & mapped)
            m_window.protect(Gla { begin * page_size }, uint64_t { up_to - begin } * page_size, protection_of(rights));
    };
    for (uint32_t page = run.page; page < end;) {
        bool any = m_count[page / pages_per_table] > 0;
        uint32_t now = any ? m_entries[page] & (mapped | writable) : 0;
        if (now != rights) {
            give_back(page);
            begin = page;
            rights = now;
        }
        page += any ? 1 : pages_per_table - page % pages_per_table;
    }
    give_back(end);
}

}
