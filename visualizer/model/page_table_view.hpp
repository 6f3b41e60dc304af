// The guest's page tables as a tree, with the strategy's own mapping beside them, and a sentence for each difference.
//
//   directory entry -> table      -> runs of pages      4 KiB each
//                   -> large page                       4 MiB, or 2 MiB with PAE
//                   -> not present                      neighbors in one entry of the view
//
// With PAE the entries of the four directories are numbered through. Everything is read as it is, nothing is set.
#pragma once

#include "core/machine/guest_memory.hpp"
#include "core/machine/guest_snapshot.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::visualizer {

// Neighbors among the guest's pages that lead to neighbors in memory with the same rights.
struct GuestRun {
    uint32_t page = 0;  // numbers of 4 KiB pages
    uint64_t frame = 0;
    uint32_t count = 1;
    bool writable = false; // at every level
    bool user = false;     // at every level
    bool accessed = false;
    bool dirty = false;
    bool global = false;
    bool large = false;
    bool operator==(const GuestRun&) const = default;
};

struct DirectoryEntryView {
    enum class Kind : uint8_t { NotPresent, Table, Large };
    Kind kind = Kind::NotPresent;
    uint32_t index = 0; // the first of
    uint32_t count = 1; // so many: more than one if not present
    uint64_t entry = 0; // as it is in memory
    uint32_t linear = 0; // where its part of the address space begins
    uint64_t physical = 0; // of the table or the large page
    std::vector<GuestRun> runs; // of pages that are present; one for a large page
};

// Why the strategy's mapping is not the guest's, page for page.
enum class MappingDifference : uint8_t {
    NotTouched,  // the guest maps it, nothing is mapped yet
    Hidden,      // a page of ring 0, taken away while ring 3 runs
    NotMemory,   // no RAM there: a device answers, or nobody
    ReadOnlyUntilDirty, // the first write must come to the monitor, which sets the dirty flag
    ReadOnlyKept,       // the strategy wants to see every write
    Concealed,   // mapped, but out of reach while ring 3 runs
    OtherRights, // the guest's rights have changed since it was mapped
    OtherFrame,  // the guest's entry leads elsewhere since it was mapped
    LeftOver,    // the guest does not map it any more
};
std::string_view sentence_for(MappingDifference difference);

struct DifferenceRun {
    MappingDifference kind {};
    uint32_t page = 0;
    uint32_t count = 1;
};

struct PageTableView {
    static constexpr std::size_t most_runs = 20000;
    static constexpr std::size_t most_differences = 512;

    bool paging = false;
    bool extended = false; // PAE
    std::string mode;      // a sentence
    uint32_t root = 0;     // CR3
    std::vector<DirectoryEntryView> directory;
    uint64_t pages = 0;    // that the guest maps, of 4 KiB
    bool truncated = false; // more than most_runs

    std::optional<ShadowMapping> shadow;
    std::string shadow_words; // a sentence: what it is, or why there is none
    std::vector<DifferenceRun> differences; // ascending
    std::size_t differences_left_out = 0;
};

// `memory` may be null: then the tree is empty, and says so.
PageTableView page_tables_of(const GuestSnapshot& snapshot, const GuestMemory* memory);

std::string words_for(const GuestRun& run);
std::string words_for(const MappedRun& run);
std::vector<std::string> lines(const PageTableView& view);

}
