#include "core/machine/kernel_image.hpp"

#include "core/machine/memory_map.hpp"
#include "core/verify.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

namespace ringside {

namespace {

std::string describe(const ImageSegment& segment)
{
    return fmt::format("0x{:x}-0x{:x}", segment.physical_address, segment.physical_end() - 1);
}

bool overlaps(const ImageSegment& segment, const MemoryRegion& area)
{
    return segment.physical_address < area.base.value + area.size && area.base.value < segment.physical_end();
}

Result<void> check_segment(const ImageSegment& segment, const GuestMemory& memory, std::string_view name)
{
    if (memory.contains(Gpa { segment.physical_address }, segment.memory_size)) {
        for (const auto& area : firmware_areas) {
            if (overlaps(segment, area))
                return bad_image(name,
                    fmt::format("segment {} covers 0x{:x}-0x{:x}, which belongs to the firmware and the screen",
                        describe(segment), area.base.value, area.base.value + area.size - 1),
                    "link the kernel at 0x100000 (1 MiB) or above");
        }
        return {};
    }
    return bad_image(name, fmt::format("segment {} is not all RAM: 0xa0000-0xbffff is video memory", describe(segment)),
        "link the kernel at 0x100000 (1 MiB) or above");
}

// Zeroes without making the guest's pages resident: a hole in the memfd reads as zeros and costs nothing. Small
// ranges, and the ragged ends, are cheaper to write.
void zero(GuestMemory& memory, uint64_t base, uint64_t size)
{
    constexpr uint64_t worth_a_hole = mebibyte;
    const auto hole_begin = (base + page_size - 1) / page_size * page_size;
    const auto hole_end = (base + size) / page_size * page_size;
    const bool punched = size >= worth_a_hole
        && fallocate(memory.descriptor(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(hole_begin),
               static_cast<off_t>(hole_end - hole_begin))
            == 0;
    if (!punched) {
        std::ranges::fill(memory.bytes(Gpa { base }, size), std::byte { 0 });
        return;
    }
    std::ranges::fill(memory.bytes(Gpa { base }, hole_begin - base), std::byte { 0 });
    std::ranges::fill(memory.bytes(Gpa { hole_end }, base + size - hole_end), std::byte { 0 });
}

} // namespace

uint64_t KernelImage::highest_end() const
{
    uint64_t end = 0;
    for (const auto& segment : segments)
        end = std::max(end, segment.physical_end());
    return end;
}

Result<void> check_fits(KernelImage& image, const GuestMemory& memory, std::string_view name)
{
    VERIFY(!image.segments.empty());
    const auto end = image.highest_end();
    if (end > memory.size())
        return bad_image(name,
            fmt::format("needs memory up to 0x{:x} ({} MiB), the guest has {} MiB", end - 1, mebibytes_up_to(end),
                memory.size() / mebibyte),
            memory_hint(end));

    auto& segments = image.segments;
    std::ranges::sort(segments, {}, &ImageSegment::physical_address);
    for (size_t i = 0; i < segments.size(); ++i) {
        if (i > 0 && segments[i].physical_address < segments[i - 1].physical_end())
            return bad_image(
                name, fmt::format("segments {} and {} overlap", describe(segments[i - 1]), describe(segments[i])));
        if (auto fits = check_segment(segments[i], memory, name); !fits)
            return fits.propagate();
    }
    const bool entry_is_loaded = std::ranges::any_of(segments, [&](const ImageSegment& segment) {
        return image.entry >= segment.physical_address && image.entry < segment.physical_end();
    });
    if (!entry_is_loaded)
        return bad_image(name, fmt::format("entry point 0x{:x} is in no segment that is loaded", image.entry));
    return {};
}

void write_segments(GuestMemory& memory, const KernelImage& image)
{
    for (const auto& segment : image.segments) {
        const auto loaded = segment.content.size();
        auto target = memory.bytes(Gpa { segment.physical_address }, segment.memory_size);
        VERIFY(target.size() == segment.memory_size && loaded <= target.size());
        std::ranges::copy(segment.content, target.begin());
        zero(memory, segment.physical_address + loaded, segment.memory_size - loaded);
    }
}

uint64_t mebibytes_up_to(uint64_t end)
{
    return (end + mebibyte - 1) / mebibyte;
}

std::string memory_hint(uint64_t end)
{
    if (end > maximum_memory)
        return fmt::format("a guest can have {} MiB at most", maximum_memory / mebibyte);
    return fmt::format("give the guest more memory: --memory {}", mebibytes_up_to(end));
}

Unexpected bad_image(std::string_view name, std::string_view what, std::string hint)
{
    return fail(ExitCode::BadImage, fmt::format("{}: {}", printable(name), what), std::move(hint));
}

std::string printable(std::string_view name)
{
    constexpr size_t longest = 256;
    std::string text { name.substr(0, longest) };
    for (auto& character : text) {
        const auto code = static_cast<unsigned char>(character);
        if (code < 0x20 || code == 0x7F)
            character = '?';
    }
    return name.size() > longest ? text + "..." : text;
}

} // namespace ringside
