#include "core/machine/kernel_code.hpp"

#include "core/machine/multiboot_header.hpp"

#include <algorithm>

namespace ringside {

namespace {

bool overlap(const std::vector<CodeRange>& sorted)
{
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        if (sorted[i].address - sorted[i - 1].address < sorted[i - 1].bytes.size())
            return true;
    }
    return false;
}

std::vector<CodeRange> executable_segments(const KernelImage& image)
{
    std::vector<CodeRange> ranges;
    for (const auto& segment : image.segments) {
        if (segment.executable && !segment.content.empty())
            ranges.push_back({ "", segment.virtual_address, segment.content });
    }
    return ranges;
}

}

Result<std::vector<CodeRange>> code_ranges(std::span<const std::byte> file, std::string_view name)
{
    bool by_elf = is_elf(file) && !is_elf64(file);
    auto image = by_elf ? parse_elf(file, name) : parse_kernel(file, name);
    if (!image)
        return image.propagate();
    auto ranges = elf_code_sections(file);
    if (ranges.empty())
        ranges = executable_segments(*image);
    std::ranges::stable_sort(ranges, {}, &CodeRange::address);
    if (ranges.empty())
        return bad_image(name, "has no executable section and no executable segment");
    if (overlap(ranges))
        return bad_image(name, "has code that overlaps other code");
    return ranges;
}

}
