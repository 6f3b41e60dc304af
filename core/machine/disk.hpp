// A disk: a raw image file of the host, in sectors of 512 bytes.
//
// What the guest writes is in the file when the call returns. A file that may not be written is a read-only disk. Sector
// numbers come from the guest: every access is checked against the size that the file had when it was opened.
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ringside {

class Disk {
public:
    static constexpr uint32_t sector_size = 512;

    // Errors: BadImage, one line with the path: not a regular file, empty, not a whole number of sectors, more than
    // 2^32 - 1 of them.
    static Result<Disk> open(const std::string& path);

    Disk(Disk&&) noexcept;
    Disk& operator=(Disk&&) noexcept;
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;
    ~Disk();

    uint32_t sectors() const { return m_sectors; }
    bool read_only() const { return m_read_only; }
    int descriptor() const { return m_descriptor; }

    bool contains(uint64_t first, uint64_t count) const { return first <= m_sectors && count <= m_sectors - first; }

    // Whole sectors from `first` on. False: not all of it on the disk, read-only, or the host's file system refuses (the
    // file has shrunk, no room); then part of it may have been done.
    [[nodiscard]] bool read(uint64_t first, std::span<std::byte> target);
    [[nodiscard]] bool write(uint64_t first, std::span<const std::byte> source);

private:
    Disk() = default;
    bool is_whole_and_inside(uint64_t first, std::size_t bytes) const;

    int m_descriptor = -1;
    uint32_t m_sectors = 0;
    bool m_read_only = false;
};

}
