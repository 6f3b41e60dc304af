#include "strategies/paravirt/address_spaces.hpp"

#include "core/paravirt_abi.h"
#include "core/x86/paging.hpp"

#include <cstring>

namespace ringside::paravirt {

namespace {

constexpr uint32_t frame_mask = 0xFFFFF000;
constexpr uint32_t first_monitor_index = PV_MONITOR_BASE >> 22;
// A table that a directory names a thousand times makes a thousand runs of each change. Rather than keep many of them,
// look at everything.
constexpr std::size_t most_runs = 4096;

constexpr uint32_t present = page_entry::present, writable = page_entry::writable, large = page_entry::large,
                   accessed = page_entry::accessed, dirty = page_entry::dirty;

// Of a page that is mapped. Whether it was touched or written is not looked at: finding out would cost a fault each.
constexpr uint32_t used_flags(uint32_t entry)
{
    return accessed | (entry & writable ? dirty : 0);
}

}

AddressSpaces::AddressSpaces(GuestMemory& memory, Substrate& substrate)
    : m_memory(memory)
    , m_substrate(substrate)
    , m_uses(memory.size() / page_size)
{
}

// A directory is never a table at the same time: a change of one would then be a change of two.
bool AddressSpaces::may_be_table(uint32_t entry) const
{
    uint32_t frame = entry & frame_mask;
    return !(entry & large) && is_ram_frame(frame) && !m_spaces.contains(frame);
}

// The tables that a directory names; nothing if one of its entries is not allowed.
std::optional<std::unique_ptr<AddressSpaces::Space>> AddressSpaces::read_directory(uint32_t directory) const
{
    auto space = std::make_unique<Space>();
    space->tables.fill(none);
    for (uint32_t index = 0; index < entries; ++index) {
        uint32_t entry = *m_memory.read<uint32_t>(Gpa { directory } + index * 4);
        if (!(entry & present))
            continue;
        if (index >= first_monitor_index || !may_be_table(entry) || (entry & frame_mask) == directory)
            return std::nullopt;
        space->tables[index] = entry & frame_mask;
    }
    return space;
}

void AddressSpaces::add_reference(uint32_t table, uint32_t index)
{
    TableUse& use = m_uses[table / page_size];
    if (use.references++ == 0) {
        use = { 1, static_cast<uint16_t>(index), false };
        mark_used(table);
    } else if (use.index != index) {
        use.several = true;
    }
}

// What the guest has filled in before the table was a table gets the flags that update_table() gives.
void AddressSpaces::mark_used(uint32_t table)
{
    for (uint32_t index = 0; index < entries; ++index) {
        Gpa at = Gpa { table } + index * 4;
        uint32_t entry = *m_memory.read<uint32_t>(at);
        if (entry & present)
            m_memory.write(at, entry | used_flags(entry));
    }
}

void AddressSpaces::drop_reference(uint32_t table)
{
    --m_uses[table / page_size].references;
}

int32_t AddressSpaces::create(uint32_t directory)
{
    if (directory % page_size != 0 || !is_ram_frame(directory) || m_spaces.contains(directory)
        || m_uses[directory / page_size].references > 0)
        return PV_ERROR_INVALID;
    if (m_spaces.size() >= PV_MOST_ADDRESS_SPACES)
        return PV_ERROR_FULL;
    auto space = read_directory(directory);
    if (!space)
        return PV_ERROR_INVALID;
    for (uint32_t index = 0; index < entries; ++index) {
        uint32_t table = (*space)->tables[index];
        if (table == none)
            continue;
        add_reference(table, index);
        Gpa at = Gpa { directory } + index * 4;
        m_memory.write(at, *m_memory.read<uint32_t>(at) | accessed);
    }
    m_spaces.emplace(directory, std::move(*space));
    return PV_OK;
}

int32_t AddressSpaces::destroy(const CpuState& state, uint32_t directory)
{
    auto found = m_spaces.find(directory);
    if (found == m_spaces.end())
        return PV_ERROR_ABSENT;
    if (found->second.get() == space_in_use(state))
        return PV_ERROR_INVALID;
    for (uint32_t table : found->second->tables) {
        if (table != none)
            drop_reference(table);
    }
    m_spaces.erase(found);
    return PV_OK;
}

int32_t AddressSpaces::switch_to(CpuState& state, uint32_t directory)
{
    if (!m_spaces.contains(directory))
        return PV_ERROR_ABSENT;
    bool paging_begins = !(state.cr0 & cr0::pg);
    state.cr3 = directory;
    state.cr0 |= cr0::pg | cr0::wp;
    m_substrate.load_page_directory(state, paging_begins);
    return PV_OK;
}

const AddressSpaces::Space* AddressSpaces::space_in_use(const CpuState& state) const
{
    auto found = m_spaces.find(state.cr3);
    return (state.cr0 & cr0::pg) && found != m_spaces.end() ? found->second.get() : nullptr;
}

int32_t AddressSpaces::update(const CpuState& state, uint32_t entry, uint32_t value)
{
    uint32_t frame = entry & frame_mask;
    if (entry % 4 != 0 || !is_ram_frame(frame))
        return PV_ERROR_ADDRESS;
    if ((value & present) && (value & large))
        return PV_ERROR_INVALID;
    uint32_t index = entry % page_size / 4;
    if (m_spaces.contains(frame))
        return update_directory(state, frame, index, value);
    if (m_uses[frame / page_size].references > 0)
        return update_table(state, frame, index, value);
    return PV_ERROR_ABSENT;
}

int32_t AddressSpaces::update_directory(const CpuState& state, uint32_t directory, uint32_t index, uint32_t value)
{
    if (value & present) {
        if (index >= first_monitor_index || !may_be_table(value))
            return PV_ERROR_INVALID;
        value |= accessed;
    }
    uint32_t& table = m_spaces[directory]->tables[index];
    if (table != none)
        drop_reference(table);
    table = value & present ? value & frame_mask : none;
    if (table != none)
        add_reference(table, index);
    m_memory.write(Gpa { directory } + index * 4, value);
    if ((state.cr0 & cr0::pg) && directory == state.cr3)
        note({ index * entries, entries });
    return PV_OK;
}

int32_t AddressSpaces::update_table(const CpuState& state, uint32_t table, uint32_t index, uint32_t value)
{
    if (value & present)
        value |= used_flags(value);
    m_memory.write(Gpa { table } + index * 4, value);
    const Space* space = space_in_use(state);
    if (!space)
        return PV_OK;
    const TableUse& use = m_uses[table / page_size];
    if (space->tables[use.index] == table)
        note({ use.index * entries + index, 1 });
    for (uint32_t i = 0; use.several && i < entries; ++i) {
        if (i != use.index && space->tables[i] == table)
            note({ i * entries + index, 1 });
    }
    return PV_OK;
}

// Neighbors in the order in which kernels go through them become one run.
void AddressSpaces::note(Run run)
{
    if (!m_changed.empty() && m_changed.back().page + m_changed.back().count == run.page)
        m_changed.back().count += run.count;
    else if (m_changed.size() < most_runs)
        m_changed.push_back(run);
    else
        m_changed.assign(1, { 0, PV_MONITOR_BASE / page_size });
}

void AddressSpaces::finish(const CpuState& state)
{
    for (Run run : m_changed)
        m_substrate.refresh(state, Gla { run.page * page_size }, run.count);
    m_changed.clear();
}

}
