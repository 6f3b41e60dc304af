#include "core/machine/image_file.hpp"

#include "core/machine/kernel_image.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace ringside {

namespace {

std::string_view kind_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return "a directory";
    if (S_ISFIFO(mode))
        return "a FIFO";
    if (S_ISSOCK(mode))
        return "a socket";
    return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "something else";
}

Unexpected not_regular(const std::string& path, mode_t mode)
{
    return bad_image(path, fmt::format("is {}, not a regular file", kind_of(mode)));
}

} // namespace

// The kind is looked at before opening, because opening some devices has effects, and again after, because the name may
// lead elsewhere by then. O_NONBLOCK keeps the opening of a FIFO from waiting for its writer.
Result<ImageFile> ImageFile::open(const std::string& path)
{
    struct stat status { };
    if (::stat(path.c_str(), &status) != 0)
        return bad_image(path, fmt::format("cannot be opened: {}", std::strerror(errno)));
    if (!S_ISREG(status.st_mode))
        return not_regular(path, status.st_mode);
    ImageFile file { path, ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) };
    if (file.m_descriptor < 0 || ::fstat(file.m_descriptor, &status) != 0)
        return bad_image(path, fmt::format("cannot be opened: {}", std::strerror(errno)));
    if (!S_ISREG(status.st_mode))
        return not_regular(path, status.st_mode);
    file.m_size = static_cast<uint64_t>(status.st_size);
    return file;
}

ImageFile::ImageFile(ImageFile&& other) noexcept
    : m_path(std::move(other.m_path)), m_descriptor(std::exchange(other.m_descriptor, -1)), m_size(other.m_size)
{
}

ImageFile::~ImageFile()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

Result<std::vector<std::byte>> ImageFile::read() const
{
    std::vector<std::byte> bytes(m_size);
    for (size_t done = 0; done < bytes.size();) {
        const auto count = ::pread(m_descriptor, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return bad_image(m_path, fmt::format("cannot be read: {}", std::strerror(errno)));
        if (count == 0)
            return bad_image(m_path, "became shorter while it was read");
        done += static_cast<size_t>(count);
    }
    return bytes;
}

} // namespace ringside
