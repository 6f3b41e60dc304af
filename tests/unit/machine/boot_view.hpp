// What a kernel finds behind EBX: the Multiboot information, read back from guest memory. Written from the
// specification (Multiboot 0.6.96 §3.3) and not from the loader's own structures.
#pragma once

#include "core/machine/guest_memory.hpp"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace ringside::test {

struct BootView {
    struct Module {
        uint32_t begin, end;
        std::string command_line;
    };
    struct MapEntry {
        uint64_t base, size;
        uint32_t type;
    };

    const GuestMemory& memory;
    uint32_t address;

    // An address that is not RAM shows as a nonsense value, so that comparisons fail.
    uint32_t word(uint32_t at) const { return memory.read<uint32_t>(Gpa { at }).value_or(0xDEADBEEF); }
    uint32_t field(uint32_t offset) const { return word(address + offset); }
    bool has(unsigned flag) const { return field(0) & (1u << flag); }

    std::string text(uint32_t at) const
    {
        for (const auto& region : memory.regions()) {
            const auto rest = memory.bytes(Gpa { at }, region.base.value + region.size - at);
            const auto* begin = reinterpret_cast<const char*>(rest.data());
            const auto length = rest.empty() ? 0 : strnlen(begin, rest.size());
            if (length < rest.size())
                return { begin, length };
        }
        return "(text runs out of memory)";
    }
    std::string command_line() const { return text(field(16)); }
    std::string boot_loader_name() const { return text(field(64)); }

    std::vector<Module> modules() const
    {
        std::vector<Module> result;
        for (uint32_t i = 0, at = field(24); i < field(20); ++i, at += 16)
            result.push_back({ word(at), word(at + 4), text(word(at + 8)) });
        return result;
    }

    std::vector<MapEntry> memory_map() const
    {
        std::vector<MapEntry> result;
        const auto begin = field(48);
        for (auto at = begin; at < begin + field(44); at += word(at) + 4) {
            const auto base = memory.read<uint64_t>(Gpa { at + 4 }).value_or(0);
            const auto size = memory.read<uint64_t>(Gpa { at + 12 }).value_or(0);
            result.push_back({ base, size, word(at + 20) });
        }
        return result;
    }
};

} // namespace ringside::test
