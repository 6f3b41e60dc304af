#include "visualizer/model/mapping_comparison.hpp"

#include <algorithm>

namespace ringside::visualizer {

namespace {

constexpr uint32_t all_pages = 1u << 20;

// The piece of a list of runs that `page` lies in, or the gap: null and where the next run begins.
template<typename Run>
struct Piece {
    const Run* run = nullptr;
    uint32_t end = all_pages;
};

template<typename Run>
Piece<Run> piece_at(std::span<const Run> runs, std::size_t& next, uint32_t page)
{
    while (next < runs.size() && uint64_t { runs[next].page } + runs[next].count <= page)
        ++next;
    if (next == runs.size())
        return {};
    const auto& run = runs[next];
    if (page < run.page)
        return { nullptr, run.page };
    return { &run, run.page + run.count };
}

class Comparison {
public:
    Comparison(const GuestSnapshot& snapshot, const GuestMemory& memory, bool paging)
        : m_memory(memory), m_ring_3(snapshot.cpu.cpl() == 3), m_paging(paging), m_listed(all_listed(*snapshot.shadow))
    {
    }

    // Of `page`, which each of the runs holds or is null.
    std::optional<MappingDifference> between(const GuestRun* guest, const MappedRun* shadow, uint32_t page) const
    {
        if (!guest)
            return shadow ? std::optional { MappingDifference::LeftOver } : std::nullopt;
        uint64_t frame = guest->frame + (page - guest->page);
        if (!shadow)
            return m_listed || !is_memory(frame) ? std::optional { missing(*guest, frame) } : std::nullopt;
        if (shadow->frame + (page - shadow->page) != frame)
            return MappingDifference::OtherFrame;
        return of_rights(*guest, *shadow);
    }

private:
    static bool all_listed(const ShadowMapping& shadow)
    {
        uint64_t listed = 0;
        for (const auto& run : shadow.runs)
            listed += run.count;
        return listed == shadow.pages;
    }

    bool is_memory(uint64_t frame) const { return m_memory.contains(Gpa { frame * page_size }, page_size); }

    MappingDifference missing(const GuestRun& guest, uint64_t frame) const
    {
        if (!is_memory(frame))
            return MappingDifference::NotMemory;
        return m_ring_3 && !guest.user ? MappingDifference::Hidden : MappingDifference::NotTouched;
    }

    std::optional<MappingDifference> of_rights(const GuestRun& guest, const MappedRun& shadow) const
    {
        bool more = (shadow.writable && !guest.writable) || (shadow.user && !guest.user);
        if (more || (m_paging && guest.user != shadow.user))
            return MappingDifference::OtherRights;
        if (guest.writable && !shadow.writable)
            return guest.dirty ? MappingDifference::ReadOnlyKept : MappingDifference::ReadOnlyUntilDirty;
        if (shadow.concealed)
            return MappingDifference::Concealed;
        return std::nullopt;
    }

    const GuestMemory& m_memory;
    bool m_ring_3;
    bool m_paging;
    bool m_listed;
};

// Where the answer may change within a piece: RAM begins or ends there.
uint32_t end_of_kind(const GuestRun* guest, const GuestMemory& memory, uint32_t page, uint32_t end)
{
    if (!guest)
        return end;
    for (const auto& region : memory.regions()) {
        for (uint64_t edge : { region.base.value / page_size, (region.base.value + region.size) / page_size }) {
            uint64_t frame = guest->frame + (page - guest->page);
            if (edge > frame && edge - frame < end - page)
                end = page + static_cast<uint32_t>(edge - frame);
        }
    }
    return end;
}

void note(PageTableView& view, MappingDifference kind, uint32_t page, uint32_t count)
{
    auto& all = view.differences;
    if (!all.empty() && all.back().kind == kind && all.back().page + all.back().count == page)
        all.back().count += count;
    else if (all.size() < PageTableView::most_differences)
        all.push_back({ kind, page, count });
    else
        ++view.differences_left_out;
}

}

std::string_view sentence_for(MappingDifference difference)
{
    switch (difference) {
    case MappingDifference::NotTouched:
        return "the guest has not touched it yet: the monitor maps a page when it is touched";
    case MappingDifference::Hidden:
        return "a page of ring 0, taken away while ring 3 runs, because both really run in ring 3";
    case MappingDifference::NotMemory:
        return "no memory is there: it is never mapped, so that each access comes to the monitor";
    case MappingDifference::ReadOnlyUntilDirty:
        return "read-only until the guest writes to it, so that the monitor can set the guest's dirty flag";
    case MappingDifference::ReadOnlyKept:
        return "kept read-only although the guest may write: the monitor wants to see each write, to code for instance";
    case MappingDifference::Concealed:
        return "mapped, but out of reach while ring 3 runs";
    case MappingDifference::OtherRights:
        return "the guest's entry gives other rights now: what is mapped is older, as in a TLB that was not told";
    case MappingDifference::OtherFrame:
        return "the guest's entry leads elsewhere now: what is mapped is older, as in a TLB that was not told";
    case MappingDifference::LeftOver:
        return "the guest does not map it any more: what is mapped is older, as in a TLB that was not told";
    }
    return "unknown";
}

void compare_mappings(
    std::span<const GuestRun> guest, const GuestSnapshot& snapshot, const GuestMemory& memory, PageTableView& view)
{
    if (!snapshot.shadow)
        return;
    Comparison comparison(snapshot, memory, view.paging);
    std::span<const MappedRun> shadow = snapshot.shadow->runs;
    std::size_t next_guest = 0, next_shadow = 0;
    for (uint32_t page = 0; page < all_pages;) {
        auto own = piece_at(guest, next_guest, page);
        auto real = piece_at(shadow, next_shadow, page);
        uint32_t end = end_of_kind(own.run, memory, page, std::min(own.end, real.end));
        if (auto kind = comparison.between(own.run, real.run, page))
            note(view, *kind, page, end - page);
        page = end;
    }
}

}
