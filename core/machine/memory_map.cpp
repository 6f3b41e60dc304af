#include "core/machine/memory_map.hpp"

namespace ringside {

std::array<MemoryMapEntry, 4> memory_map(const GuestMemory& memory)
{
    const auto& conventional = memory.regions().front();
    const auto conventional_end = conventional.base.value + conventional.size;
    return { {
        { 0, usable_conventional_end, MemoryMapEntry::Usable },
        { usable_conventional_end, conventional_end - usable_conventional_end, MemoryMapEntry::Reserved },
        { 0xF0000, extended_memory - 0xF0000, MemoryMapEntry::Reserved },
        { extended_memory, uint64_t { upper_memory_kib(memory) } * 1024, MemoryMapEntry::Usable },
    } };
}

uint32_t upper_memory_kib(const GuestMemory& memory)
{
    const auto& last = memory.regions().back();
    return static_cast<uint32_t>((last.base.value + last.size - extended_memory) / 1024);
}

} // namespace ringside
