#include "visualizer/model/memory_view.hpp"

#include "core/x86/paging.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <utility>

namespace ringside::visualizer {

namespace {

// Where the page of this address lies; nothing if ring 0 cannot read it.
std::optional<Gpa> frame_of(GuestMemory& memory, const CpuState& state, AddressSpace space, uint32_t address)
{
    uint32_t page = address & ~static_cast<uint32_t>(page_size - 1);
    if (space == AddressSpace::Physical)
        return Gpa { page };
    auto walk = walk_pages(memory, state, Gla { page }, Access::Read, Privilege::Supervisor, AccessedDirty::Leave);
    return walk.present ? std::optional { walk.physical } : std::nullopt;
}

uint64_t offset_in_page(uint32_t address)
{
    return address & (page_size - 1);
}

void compare(HexRow& row, const std::vector<HexRow>& before)
{
    auto same = std::ranges::find(before, row.address, &HexRow::address);
    if (same == before.end())
        return;
    for (std::size_t i = 0; i < HexRow::length; ++i)
        row.changed[i] = row.bytes[i] != same->bytes[i];
}

}

std::optional<uint8_t> byte_at(GuestMemory& memory, const CpuState& state, AddressSpace space, uint32_t address)
{
    auto frame = frame_of(memory, state, space, address);
    return frame ? std::as_const(memory).read<uint8_t>(Gpa { frame->value + offset_in_page(address) }) : std::nullopt;
}

std::vector<uint8_t> bytes_at(GuestMemory& memory, const CpuState& state, Gla address, std::size_t most)
{
    std::vector<uint8_t> bytes;
    while (bytes.size() < most) {
        uint32_t at = address.value + static_cast<uint32_t>(bytes.size());
        auto frame = frame_of(memory, state, AddressSpace::Linear, at);
        std::size_t length = std::min<std::size_t>(most - bytes.size(), page_size - offset_in_page(at));
        auto source = frame ? std::as_const(memory).bytes(Gpa { frame->value + offset_in_page(at) }, length)
                            : std::span<const std::byte> {};
        if (source.empty())
            break;
        for (auto byte : source)
            bytes.push_back(std::to_integer<uint8_t>(byte));
    }
    return bytes;
}

std::vector<HexRow> hex_rows(GuestMemory& memory, const CpuState& state, AddressSpace space, uint32_t address, std::size_t rows,
    const std::vector<HexRow>* before)
{
    std::vector<HexRow> shown;
    uint64_t at = address & ~static_cast<uint32_t>(HexRow::length - 1);
    for (; shown.size() < rows && at <= UINT32_MAX; at += HexRow::length) {
        auto& row = shown.emplace_back();
        row.address = static_cast<uint32_t>(at);
        auto frame = frame_of(memory, state, space, row.address);
        for (std::size_t i = 0; frame && i < HexRow::length; ++i)
            row.bytes[i] = std::as_const(memory).read<uint8_t>(Gpa { frame->value + offset_in_page(row.address) + i });
        if (before)
            compare(row, *before);
    }
    return shown;
}

std::vector<std::string> lines(const std::vector<HexRow>& rows)
{
    std::vector<std::string> text;
    for (const auto& row : rows) {
        auto line = fmt::format("{:08x} ", row.address);
        std::string letters;
        for (const auto& byte : row.bytes) {
            line += byte ? fmt::format(" {:02x}", *byte) : " --";
            letters += byte && *byte >= 0x20 && *byte < 0x7F ? static_cast<char>(*byte) : byte ? '.' : ' ';
        }
        text.push_back(line + "  " + letters);
    }
    return text;
}

}
