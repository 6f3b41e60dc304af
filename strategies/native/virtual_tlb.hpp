// The virtual TLB: which guest pages are mapped in the window, and with what rights. It is filled when the guest touches
// a page, from the guest's own page tables, and emptied when the architecture says that a TLB is emptied (SDM 3A §4.10).
// In between it may be stale, as a TLB may.
//
//   accessed, dirty   set in the guest's entry by the walk of the fill; a page that is not dirty is mapped read-only, so
//                     that the first write comes here
//   R/W, CR0.WP       a read-only page is mapped read-only for both rings; where CR0.WP lets ring 0 write to it all the
//                     same, the write is emulated
//   U/S               both rings really run in ring 3: pages of ring 0 below the boundary (user_boundary.hpp) are taken
//                     away while ring 3 runs; those above it are put out of reach with conceal(), or by segments
//   not RAM           never mapped: every access comes here, and a device answers
#pragma once

#include "core/machine/address.hpp"
#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/machine/shadow_mapping.hpp"
#include "core/x86/paging.hpp"
#include "strategies/native/window.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

namespace ringside {

// What makes fills and flushes cheaper; switched off to show what it is worth (bench/).
struct VirtualTlbTuning {
    bool fill_around = true;  // map neighbors of the page that faulted, where no accessed or dirty flag would be set
    bool replace = true;      // after a load of CR3, map the new pages in place of the old at once
};

// What a strategy asks for that does not run the guest's code where it lies.
struct VirtualTlbRules {
    bool executable = true;                   // guest code runs in these pages
    bool user_executable = true;              // and in those of ring 3
    const WatchedFrames* read_only = nullptr; // frames that are never mapped writable
};

struct TlbFill {
    enum class Outcome : uint8_t {
        Mapped,
        PageFault, // the guest's: `error_code`
        Emulate,   // allowed, but not to be mapped: a device, or a write that only ring 0 may do
    };
    Outcome outcome = Outcome::Mapped;
    uint32_t error_code = 0;
    uint32_t pages = 0; // mapped
};

class VirtualTlb {
public:
    // Guest-linear addresses from `end` on are not the guest's: accesses there are page faults.
    VirtualTlb(GuestMemory& memory, Window& window, uint64_t end = Window::end);

    // Before anything is mapped.
    void set_rules(const VirtualTlbRules& rules) { m_rules = rules; }
    // The frame has become a read-only one: so do its mappings.
    void write_protect(uint32_t frame);

    TlbFill fill(const CpuState& state, Gla address, Access access, Privilege privilege);

    void flush();                                           // everything
    void load_page_directory(const CpuState& state);        // CR3 was loaded: global pages stay, the others if still true
    void invalidate_page(const CpuState& state, Gla address); // INVLPG
    // The entries of these pages have changed: they are mapped as the tables say now, whether they were mapped before or
    // not. One call of the host for each run of neighbors.
    void refresh(const CpuState& state, Gla first, uint32_t count);
    // Before ring 3 runs: pages of ring 0 below `boundary` go.
    void hide_supervisor_pages(uint64_t boundary);
    bool has_supervisor_pages_below(uint64_t boundary) const
    {
        return boundary != m_boundary || !m_low_supervisor.empty();
    }

    // While ring 3 runs with segments that reach beyond the boundary: nothing from `boundary` on can be touched, but the
    // mappings stay.
    void conceal(uint64_t boundary);
    // Ring 0 runs. What it touched at its last visits has its rights back; the rest gets them when it is touched (fill()).
    void reveal();
    bool concealed() const { return m_concealed_from != 0 && !m_visit; }

    VirtualTlbTuning& tuning() { return m_tuning; }
    uint64_t mapped_pages() const { return m_mapped; }
    // For people: what is mapped, at most `limit` runs of it.
    ShadowMapping listing(std::size_t limit) const;

private:
    // Bits of an entry, beside the frame in bits 12..31.
    enum Flag : uint32_t { mapped = 1, writable = 2, user = 4, global = 8, large = 16 };
    struct Run {
        uint32_t page = 0;
        uint32_t count = 0;
    };

    bool map(Run run, uint32_t entry);
    void unmap(Run run);
    bool has_mapped(Run run) const;
    void forget(Run run);
    Run run_around(const CpuState& state, uint32_t page, uint32_t entry, uint32_t page_bytes) const;
    void note_mapped(uint32_t page);
    static bool leads_to_table(const CpuState& state, uint32_t directory);
    static uint32_t unrestricted_entry(const CpuState& state, uint32_t directory, uint32_t found);
    static uint32_t entry_of_large_page(const CpuState& state, uint32_t directory);
    uint32_t entry_in_table(const CpuState& state, uint32_t directory, uint32_t page) const;
    uint32_t entry_in_tables(const CpuState& state, uint32_t page) const;
    uint32_t entry_in_directory(const CpuState& state, uint32_t page) const;
    bool is_mappable(uint32_t page, uint64_t frame) const;
    uint32_t restricted(uint32_t entry) const;
    Window::Protection protection_of(uint32_t entry) const;
    void revalidate(const CpuState& state, uint32_t directory_index);
    void remember_supervisor(Run run);
    void hide(Run run, uint32_t end);
    template<typename Action>
    void for_each_table(Action action) const;
    template<typename Action>
    void for_each_page(Run part, Action action) const;
    bool is_concealed(uint32_t page) const;
    MappedRun shown(uint32_t page) const;
    void conceal_or_remember(Run run, uint32_t entry);
    void remember_revealed(Run run);
    std::optional<Run> reveal_around(uint32_t page, Access access);
    void reveal_run(Run run);
    void reveal_everything();

    GuestMemory& m_memory;
    Window& m_window;
    uint32_t m_end_page;
    VirtualTlbTuning m_tuning;
    VirtualTlbRules m_rules;

    struct Free {
        void operator()(uint32_t* entries) const { std::free(entries); }
    };
    std::unique_ptr<uint32_t[], Free> m_entries; // one a page of the window; untouched parts take no memory
    std::vector<uint16_t> m_count;               // mapped pages in each 4 MiB
    std::array<uint64_t, 16> m_tables {};        // one bit for each 4 MiB: set where anything is or was mapped
    std::vector<uint64_t> m_pages;               // one bit for each page: mapped
    uint64_t m_mapped = 0;
    uint32_t m_host_mappings = 0;                // an upper bound
    std::vector<Run> m_low_supervisor;           // pages of ring 0 below m_boundary, mapped since they were last hidden
    // From m_concealed_from on (0: nothing is concealed) every page of ring 0's that is mapped has no rights, or is in
    // m_revealed while ring 0 runs. The list outlives the visit: it is what the next one begins with.
    uint32_t m_concealed_from = 0;
    bool m_visit = false;
    std::vector<Run> m_revealed;
    uint32_t m_visits = 0;
    uint64_t m_boundary = 0;                     // of the last hide_supervisor_pages(); 0: look at all pages
};

}
