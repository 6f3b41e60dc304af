// The address spaces that the guest has handed over, and the changes of their page tables (PV_CREATE_ADDRESS_SPACE,
// PV_UPDATE_PAGES).
//
// The page tables are the guest's and lie in its memory, where it can write what it likes. So nothing that the monitor
// needs is read back from there: which frames are tables of which address space is remembered here. What keeps the
// guest inside is not this bookkeeping but that every frame number goes through GuestMemory when a page is mapped; the
// bookkeeping finds a kernel's mistakes, and the linear addresses that a change is about.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "strategies/paravirt/substrate.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace ringside::paravirt {

class AddressSpaces {
public:
    AddressSpaces(GuestMemory& memory, Substrate& substrate);

    // PV_OK or a PV_ERROR_. `directory`: guest-physical.
    int32_t create(uint32_t directory);
    int32_t destroy(const CpuState& state, uint32_t directory);
    // CR3, and paging if it is off.
    int32_t switch_to(CpuState& state, uint32_t directory);

    // One change. What it does to the address space in use is noted, and done by finish().
    int32_t update(const CpuState& state, uint32_t entry, uint32_t value);
    void finish(const CpuState& state);

    bool contains(uint32_t directory) const { return m_spaces.contains(directory); }
    std::size_t size() const { return m_spaces.size(); }

private:
    static constexpr uint32_t entries = 1024;
    static constexpr uint32_t none = 0xFFFFFFFF; // no frame: not aligned

    // The frames of the tables that a directory names.
    struct Space {
        std::array<uint32_t, entries> tables;
    };
    // How a frame is used as a table.
    struct TableUse {
        uint32_t references = 0; // entries of directories that name it
        uint16_t index = 0;      // of the first of them
        bool several = false;    // not all of them have had that index
    };
    struct Run {
        uint32_t page = 0;
        uint32_t count = 0;
    };

    bool is_ram_frame(uint32_t frame) const { return m_memory.contains(Gpa { frame }, page_size); }
    bool may_be_table(uint32_t entry) const;
    std::optional<std::unique_ptr<Space>> read_directory(uint32_t directory) const;
    void add_reference(uint32_t table, uint32_t index);
    void drop_reference(uint32_t table);
    void mark_used(uint32_t table);
    const Space* space_in_use(const CpuState& state) const;

    int32_t update_directory(const CpuState& state, uint32_t directory, uint32_t index, uint32_t value);
    int32_t update_table(const CpuState& state, uint32_t table, uint32_t index, uint32_t value);
    void note(Run run);

    GuestMemory& m_memory;
    Substrate& m_substrate;
    std::unordered_map<uint32_t, std::unique_ptr<Space>> m_spaces; // by directory
    std::vector<TableUse> m_uses;                                  // by frame number
    std::vector<Run> m_changed;                                    // for finish()
};

}
