// What is mapped, for people.
#include "strategies/native/virtual_tlb_inline.hpp"

namespace ringside {

namespace {

// One that begins where the other ends, in the window and in guest memory, with the same rights.
bool continues(const MappedRun& run, const MappedRun& next)
{
    return next.page == run.page + run.count && next.frame == run.frame + run.count && next.writable == run.writable
        && next.user == run.user && next.global == run.global && next.concealed == run.concealed;
}

}

MappedRun VirtualTlb::shown(uint32_t page) const
{
    uint32_t entry = m_entries[page];
    return { page, (entry & frame_mask) / static_cast<uint32_t>(page_size), 1, (entry & writable) != 0, (entry & user) != 0,
        (entry & global) != 0, !(entry & user) && is_concealed(page) };
}

ShadowMapping VirtualTlb::listing(std::size_t limit) const
{
    ShadowMapping mapping;
    for_each_table([&](Run table) {
        for_each_page(table, [&](uint32_t page) {
            ++mapping.pages;
            auto run = shown(page);
            if (!mapping.runs.empty() && continues(mapping.runs.back(), run))
                ++mapping.runs.back().count;
            else if (mapping.runs.size() < limit)
                mapping.runs.push_back(run);
        });
    });
    return mapping;
}

}
