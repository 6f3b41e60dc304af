#include "core/machine/disk.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace ringside {

namespace {

struct OpenFile {
    int descriptor = -1;
    bool read_only = false;
};

// For writing if that is allowed. Not blocking: a path may name a pipe that nobody writes to.
OpenFile open_file(const std::string& path)
{
    int both = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (both >= 0 || (errno != EACCES && errno != EROFS && errno != EPERM))
        return { both, false };
    return { open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), true };
}

std::string defect_of(int descriptor, uint64_t& sectors)
{
    struct stat status { };
    if (fstat(descriptor, &status) != 0)
        return std::strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "not a regular file";
    auto bytes = static_cast<uint64_t>(status.st_size);
    sectors = bytes / Disk::sector_size;
    if (bytes == 0)
        return "an empty file is no disk";
    if (bytes % Disk::sector_size != 0)
        return fmt::format("{} bytes are not a whole number of sectors of {}", bytes, Disk::sector_size);
    if (sectors > UINT32_MAX)
        return "too large for a disk";
    return "";
}

}

Result<Disk> Disk::open(const std::string& path)
{
    auto [descriptor, read_only] = open_file(path);
    if (descriptor < 0)
        return fail(ExitCode::BadImage, fmt::format("cannot open the disk {}: {}", path, std::strerror(errno)));
    Disk disk;
    disk.m_descriptor = descriptor;
    disk.m_read_only = read_only;
    uint64_t sectors = 0;
    if (auto defect = defect_of(descriptor, sectors); !defect.empty())
        return fail(ExitCode::BadImage, fmt::format("the disk {}: {}", path, defect));
    disk.m_sectors = static_cast<uint32_t>(sectors);
    return disk;
}

Disk::Disk(Disk&& other) noexcept
    : m_descriptor(std::exchange(other.m_descriptor, -1))
    , m_sectors(other.m_sectors)
    , m_read_only(other.m_read_only)
{
}

Disk& Disk::operator=(Disk&& other) noexcept
{
    std::swap(m_descriptor, other.m_descriptor);
    std::swap(m_sectors, other.m_sectors);
    std::swap(m_read_only, other.m_read_only);
    return *this;
}

Disk::~Disk()
{
    if (m_descriptor >= 0)
        close(m_descriptor);
}

bool Disk::is_whole_and_inside(uint64_t first, std::size_t bytes) const
{
    return bytes % sector_size == 0 && contains(first, bytes / sector_size);
}

bool Disk::read(uint64_t first, std::span<std::byte> target)
{
    if (!is_whole_and_inside(first, target.size()))
        return false;
    auto offset = static_cast<off_t>(first * sector_size);
    while (!target.empty()) {
        ssize_t done = pread(m_descriptor, target.data(), target.size(), offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        target = target.subspan(static_cast<std::size_t>(done));
        offset += done;
    }
    return true;
}

bool Disk::write(uint64_t first, std::span<const std::byte> source)
{
    if (m_read_only || !is_whole_and_inside(first, source.size()))
        return false;
    auto offset = static_cast<off_t>(first * sector_size);
    while (!source.empty()) {
        ssize_t done = pwrite(m_descriptor, source.data(), source.size(), offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        source = source.subspan(static_cast<std::size_t>(done));
        offset += done;
    }
    return true;
}

}
