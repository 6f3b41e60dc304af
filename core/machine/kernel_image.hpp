// A kernel as the loader sees it, whatever file format it came in: what to put where, and where to start.
// ELF files and a.out-kludge files are parsed into this (elf_image.hpp, multiboot_header.hpp).
#pragma once

#include "core/machine/guest_memory.hpp"
#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ringside {

struct ImageSegment {
    uint32_t physical_address = 0;
    uint32_t virtual_address = 0;
    uint32_t memory_size = 0;           // at least content.size(), never 0; what content does not fill is zeroed
    std::span<const std::byte> content; // part of the file
    bool executable = true;

    uint64_t physical_end() const { return uint64_t { physical_address } + memory_size; }
};

struct KernelImage {
    std::vector<ImageSegment> segments; // at least one; ascending by physical address once check_fits() has passed
    uint32_t entry = 0;                 // guest-physical

    uint64_t highest_end() const;
};

// Refuses segments that overlap, that do not lie in RAM or that would cover what the firmware keeps there, and an
// entry outside of them. Sorts the segments.
Result<void> check_fits(KernelImage&, const GuestMemory&, std::string_view name);

// Copies the segments and zeroes the rest of them. The image has passed check_fits() for this memory.
void write_segments(GuestMemory&, const KernelImage&);

// `address` of a physical end, rounded up to whole MiB, for messages: "needs at least 7 MiB".
uint64_t mebibytes_up_to(uint64_t end);
// What to do about an image that needs RAM up to `end`.
std::string memory_hint(uint64_t end);

// The error of a bad file: one line that begins with its name.
Unexpected bad_image(std::string_view name, std::string_view what, std::string hint = {});
// A name that fits into one line of a message: control characters replaced, long ones clipped.
std::string printable(std::string_view name);

// A structure or integer at `offset` of a file, or nothing if it is not all there.
template <typename T>
std::optional<T> read_at(std::span<const std::byte> file, uint64_t offset)
{
    static_assert(std::is_trivially_copyable_v<T>);
    if (offset > file.size() || file.size() - offset < sizeof(T))
        return std::nullopt;
    T value;
    std::memcpy(&value, file.data() + offset, sizeof(T));
    return value;
}

// The bytes [offset, offset + size) of a file, or nothing if they are not all there.
inline std::optional<std::span<const std::byte>> slice(std::span<const std::byte> file, uint64_t offset, uint64_t size)
{
    if (offset > file.size() || file.size() - offset < size)
        return std::nullopt;
    return file.subspan(offset, size);
}

} // namespace ringside
