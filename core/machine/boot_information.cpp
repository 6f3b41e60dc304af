#include "core/machine/boot_information.hpp"

#include <cstring>
#include <string_view>

namespace ringside {

namespace {

// Multiboot 0.6.96 §3.3, up to the last field that a loader of that version may fill.
struct RawInformation {
    uint32_t flags;
    uint32_t mem_lower, mem_upper;
    uint32_t boot_device;
    uint32_t cmdline;
    uint32_t mods_count, mods_addr;
    uint32_t sections_count, sections_size, sections_addr, sections_shndx;
    uint32_t mmap_length, mmap_addr;
    uint32_t drives_length, drives_addr;
    uint32_t config_table;
    uint32_t boot_loader_name;
    uint32_t absent[13]; // APM, VBE, framebuffer
};
static_assert(sizeof(RawInformation) == 120);

struct RawModule {
    uint32_t mod_start, mod_end;
    uint32_t string;
    uint32_t reserved;
};

// Packed: `size`, which does not count itself, leaves the 64-bit fields unaligned.
struct [[gnu::packed]] RawMapEntry {
    uint32_t size;
    uint64_t base, length;
    uint32_t type;
};

enum InformationFlag : uint32_t {
    Memory = 1 << 0,
    CommandLine = 1 << 2,
    Modules = 1 << 3,
    ElfSectionHeaders = 1 << 5,
    MemoryMap = 1 << 6,
    BootLoaderName = 1 << 9,
};

class Block {
public:
    explicit Block(uint32_t address) : m_address(address) { }
    // Each returns the guest-physical address of what it appended.
    uint32_t append(const void* data, size_t size)
    {
        const auto at = m_bytes.size();
        const auto* begin = static_cast<const std::byte*>(data);
        m_bytes.insert(m_bytes.end(), begin, begin + size);
        return m_address + static_cast<uint32_t>(at);
    }
    uint32_t append(std::string_view text)
    {
        const auto at = append(text.data(), text.size());
        m_bytes.push_back(std::byte { 0 });
        return at;
    }
    std::vector<std::byte>& bytes() { return m_bytes; }

private:
    uint32_t m_address;
    std::vector<std::byte> m_bytes;
};

void append_memory_map(Block& block, RawInformation& raw, const GuestMemory& memory)
{
    std::vector<RawMapEntry> entries;
    for (const auto& entry : memory_map(memory))
        entries.push_back({ sizeof(RawMapEntry) - sizeof(uint32_t), entry.base, entry.size, entry.kind });
    raw.mmap_length = static_cast<uint32_t>(entries.size() * sizeof(RawMapEntry));
    raw.mmap_addr = block.append(entries.data(), raw.mmap_length);
}

void append_modules(Block& block, RawInformation& raw, const std::vector<PlacedModule>& modules)
{
    std::vector<RawModule> list(modules.size());
    raw.mods_count = static_cast<uint32_t>(list.size());
    raw.mods_addr = block.append(list.data(), list.size() * sizeof(RawModule));
    const auto list_offset = block.bytes().size() - list.size() * sizeof(RawModule);
    for (size_t i = 0; i < list.size(); ++i)
        list[i] = { modules[i].begin, modules[i].end, block.append(modules[i].command_line), 0 };
    if (!list.empty())
        std::memcpy(block.bytes().data() + list_offset, list.data(), list.size() * sizeof(RawModule));
}

void describe_sections(RawInformation& raw, const PlacedSections& sections)
{
    if (sections.count == 0)
        return;
    raw.flags |= ElfSectionHeaders;
    raw.sections_count = sections.count;
    raw.sections_size = sections.entry_size;
    raw.sections_addr = sections.address;
    raw.sections_shndx = sections.names_index;
}

} // namespace

std::vector<std::byte> boot_information_block(
    const BootInformation& information, const GuestMemory& memory, uint32_t address)
{
    Block block { address };
    RawInformation raw {};
    block.append(&raw, sizeof(raw));
    raw.flags = Memory | CommandLine | Modules | MemoryMap | BootLoaderName;
    raw.mem_lower = lower_memory_kib;
    raw.mem_upper = upper_memory_kib(memory);
    append_memory_map(block, raw, memory);
    append_modules(block, raw, information.modules);
    raw.boot_loader_name = block.append("ringside");
    raw.cmdline = block.append(information.command_line);
    describe_sections(raw, information.sections);
    std::memcpy(block.bytes().data(), &raw, sizeof(raw));
    return std::move(block.bytes());
}

} // namespace ringside
