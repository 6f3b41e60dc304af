// The Multiboot header in a kernel's file (Multiboot 0.6.96 §3.1), and the image that its address fields describe.
#pragma once

#include "core/machine/kernel_image.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ringside {

struct MultibootHeader {
    static constexpr uint32_t magic = 0x1BADB002;
    static constexpr uint32_t page_align = 1 << 0;         // modules on page boundaries: we always do
    static constexpr uint32_t memory_information = 1 << 1; // we always give it
    static constexpr uint32_t video_mode = 1 << 2; // text mode only: the information then lacks the video fields
    static constexpr uint32_t address_fields = 1 << 16;
    static constexpr uint32_t must_understand = 0xFFFF; // bits 0..15: a loader that lacks one must refuse the kernel

    uint32_t offset = 0; // in the file
    uint32_t flags = 0;
};

// The first header within 8192 bytes: 4-byte aligned and with a good checksum. No wish of it has been looked at.
std::optional<MultibootHeader> find_multiboot_header(std::span<const std::byte> file);

// The kernel in `file`, by its header's address fields if it has them and as an ELF file otherwise; or why it is none.
Result<KernelImage> parse_kernel(std::span<const std::byte> file, std::string_view name);

} // namespace ringside
