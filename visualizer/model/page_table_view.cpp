#include "visualizer/model/page_table_view.hpp"

#include "core/x86/cpuid.hpp"
#include "core/x86/paging.hpp"
#include "visualizer/model/mapping_comparison.hpp"

#include <fmt/format.h>

namespace ringside::visualizer {

namespace {

constexpr uint64_t frames_32 = 0xFFFFF000;
constexpr uint64_t frames_pae = ((uint64_t { 1 } << physical_address_bits) - 1) & ~uint64_t { page_size - 1 };

// Reads the tables of one snapshot.
class TableReader {
public:
    TableReader(const GuestMemory& memory, const CpuState& state, PageTableView& view)
        : m_memory(memory), m_state(state), m_view(view), m_pae(state.cr4 & cr4::pae)
    {
    }

    void read()
    {
        unsigned directories = m_pae ? 4 : 1;
        for (unsigned number = 0; number < directories; ++number) {
            auto base = directory(number);
            for (unsigned index = 0; index < entries(); ++index)
                add(number * entries() + index, base ? entry_at(*base, index) : 0);
        }
    }

private:
    unsigned entries() const { return m_pae ? 512 : 1024; } // of a table
    uint32_t pages_of_entry() const { return entries(); }
    uint64_t frames() const { return m_pae ? frames_pae : frames_32; }

    // Where there is no RAM entries read as ones (core/x86/paging.hpp).
    uint64_t entry_at(uint64_t table, unsigned index) const
    {
        if (m_pae)
            return m_memory.read<uint64_t>(Gpa { table + index * 8 }).value_or(UINT64_MAX);
        return m_memory.read<uint32_t>(Gpa { table + index * 4 }).value_or(UINT32_MAX);
    }

    std::optional<uint64_t> directory(unsigned number) const
    {
        if (!m_pae)
            return m_state.cr3 & frames_32;
        uint64_t pointer = m_memory.read<uint64_t>(Gpa { (m_state.cr3 & ~31u) + number * 8u }).value_or(0);
        return pointer & page_entry::present ? std::optional { pointer & frames_pae } : std::nullopt;
    }

    void add(unsigned index, uint64_t entry)
    {
        auto& all = m_view.directory;
        if (!(entry & page_entry::present)) {
            if (!all.empty() && all.back().kind == DirectoryEntryView::Kind::NotPresent)
                ++all.back().count;
            else
                all.push_back({ DirectoryEntryView::Kind::NotPresent, index, 1, entry, linear_of(index), 0, {} });
            return;
        }
        bool large = (entry & page_entry::large) && (m_pae || (m_state.cr4 & cr4::pse));
        auto& shown = all.emplace_back();
        shown.kind = large ? DirectoryEntryView::Kind::Large : DirectoryEntryView::Kind::Table;
        shown.index = index;
        shown.entry = entry;
        shown.linear = linear_of(index);
        uint64_t large_frame = frames() & ~(uint64_t { pages_of_entry() } * page_size - 1);
        shown.physical = entry & (large ? large_frame : frames());
        if (large)
            put(shown.runs, run_of(entry, entry, index * pages_of_entry(), shown.physical, pages_of_entry()));
        else
            read_table(shown);
    }

    uint32_t linear_of(unsigned index) const { return index * pages_of_entry() * static_cast<uint32_t>(page_size); }

    void read_table(DirectoryEntryView& shown)
    {
        for (unsigned index = 0; index < entries() && !m_view.truncated; ++index) {
            uint64_t entry = entry_at(shown.physical, index);
            if (entry & page_entry::present)
                put(shown.runs, run_of(shown.entry, entry, shown.index * pages_of_entry() + index, entry & frames(), 1));
        }
    }

    // Access rights are those that both levels grant (SDM 3A §4.6).
    GuestRun run_of(uint64_t upper, uint64_t lower, uint32_t page, uint64_t physical, uint32_t count) const
    {
        uint64_t both = upper & lower;
        return { page, physical / page_size, count, (both & page_entry::writable) != 0, (both & page_entry::user) != 0,
            (lower & page_entry::accessed) != 0, (lower & page_entry::dirty) != 0,
            (lower & page_entry::global) && (m_state.cr4 & cr4::pge), count > 1 };
    }

    void put(std::vector<GuestRun>& runs, const GuestRun& run)
    {
        m_view.pages += run.count;
        if (!runs.empty() && !run.large) {
            auto& last = runs.back();
            GuestRun next = last;
            next.page += last.count;
            next.frame += last.count;
            next.count = 1;
            if (next == run) {
                ++last.count;
                return;
            }
        }
        if (++m_runs > PageTableView::most_runs) {
            m_view.truncated = true;
            return;
        }
        runs.push_back(run);
    }

    const GuestMemory& m_memory;
    const CpuState& m_state;
    PageTableView& m_view;
    bool m_pae;
    std::size_t m_runs = 0;
};

std::string mode_of(const CpuState& state)
{
    if (!(state.cr0 & cr0::pg))
        return "paging is off: every linear address is the physical one";
    if (state.cr4 & cr4::pae)
        return fmt::format("paging with 64-bit entries (PAE); the root is at {:#010x}", state.cr3 & ~31u);
    return fmt::format("32-bit paging{}; the directory is at {:#010x}", state.cr4 & cr4::pse ? ", large pages allowed" : "",
        state.cr3 & frames_32);
}

std::string shadow_words_of(const GuestSnapshot& snapshot)
{
    if (snapshot.shadow)
        return fmt::format("'{}' maps what the guest touches, one page after the other: {} pages now", snapshot.strategy,
            snapshot.shadow->pages);
    if (snapshot.strategy == "emulation")
        return "the emulator walks the guest's tables in software: nothing is mapped for the guest";
    if (snapshot.strategy == "hardware")
        return "the processor walks the guest's tables itself, and a second set of the host's below them";
    return fmt::format("'{}' has no mapping of its own", snapshot.strategy);
}

// The RAM of a guest without paging, seen by it as it is.
std::vector<GuestRun> identity(const GuestMemory& memory)
{
    std::vector<GuestRun> runs;
    for (const auto& region : memory.regions()) {
        auto page = static_cast<uint32_t>(region.base.value / page_size);
        runs.push_back({ page, page, static_cast<uint32_t>(region.size / page_size), true, true, true, true, false, true });
    }
    return runs;
}

std::vector<GuestRun> all_runs(const PageTableView& view)
{
    std::vector<GuestRun> runs;
    for (const auto& entry : view.directory)
        runs.insert(runs.end(), entry.runs.begin(), entry.runs.end());
    return runs;
}

}

PageTableView page_tables_of(const GuestSnapshot& snapshot, const GuestMemory* memory)
{
    PageTableView view;
    view.paging = snapshot.cpu.cr0 & cr0::pg;
    view.extended = view.paging && (snapshot.cpu.cr4 & cr4::pae);
    view.mode = mode_of(snapshot.cpu);
    view.root = snapshot.cpu.cr3;
    view.shadow = snapshot.shadow;
    view.shadow_words = shadow_words_of(snapshot);
    if (!memory) {
        view.mode += "; the guest's memory is not there to be read";
        return view;
    }
    if (view.paging)
        TableReader(*memory, snapshot.cpu, view).read();
    if (snapshot.shadow && !view.truncated)
        compare_mappings(view.paging ? all_runs(view) : identity(*memory), snapshot, *memory, view);
    return view;
}

std::string words_for(const GuestRun& run)
{
    return fmt::format("{:#010x} -> {:#010x}  {} {}, {}, ring {}{}{}{}", run.page * page_size, run.frame * page_size,
        run.large ? run.count / 256 : run.count, run.large ? "MiB in one page" : run.count == 1 ? "page" : "pages",
        run.writable ? "writable" : "read-only", run.user ? "3" : "0", run.global ? ", global" : "",
        run.accessed ? ", accessed" : "", run.dirty ? ", dirty" : "");
}

std::string words_for(const MappedRun& run)
{
    return fmt::format("{:#010x} -> {:#010x}  {} {}, {}, ring {}{}{}", uint64_t { run.page } * page_size,
        uint64_t { run.frame } * page_size, run.count, run.count == 1 ? "page" : "pages", run.writable ? "writable" : "read-only",
        run.user ? "3" : "0", run.global ? ", global" : "", run.concealed ? ", concealed" : "");
}

std::vector<std::string> lines(const PageTableView& view)
{
    std::vector<std::string> text { view.mode };
    for (const auto& entry : view.directory) {
        if (entry.kind == DirectoryEntryView::Kind::NotPresent) {
            text.push_back(fmt::format("  [{:>4}] not present{}", entry.index, entry.count > 1 ? fmt::format(", and {} more", entry.count - 1) : ""));
            continue;
        }
        if (entry.kind == DirectoryEntryView::Kind::Table)
            text.push_back(fmt::format("  [{:>4}] {:#010x}  table at {:#010x}", entry.index, entry.linear, entry.physical));
        for (const auto& run : entry.runs)
            text.push_back((run.large ? fmt::format("  [{:>4}] ", entry.index) : std::string(9, ' ')) + words_for(run));
    }
    if (view.truncated)
        text.push_back("  and more than can be shown");
    text.push_back(view.shadow_words);
    for (const auto& run : view.shadow ? view.shadow->runs : std::vector<MappedRun> {})
        text.push_back("         " + words_for(run));
    for (const auto& difference : view.differences)
        text.push_back(fmt::format("  {:#010x}, {} {}: {}", uint64_t { difference.page } * page_size, difference.count,
            difference.count == 1 ? "page" : "pages", sentence_for(difference.kind)));
    if (view.differences_left_out > 0)
        text.push_back(fmt::format("  and {} more differences", view.differences_left_out));
    return text;
}

}
