#include "core/machine/guest_memory.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <utility>

namespace ringside {

Result<GuestMemory> GuestMemory::create(uint64_t bytes)
{
    if (bytes < minimum_memory || bytes > maximum_memory || bytes % page_size != 0)
        return fail(ExitCode::Usage, fmt::format("guest memory of {} bytes is not possible", bytes),
            fmt::format("choose {} to {} MiB", minimum_memory / mebibyte, maximum_memory / mebibyte));

    GuestMemory memory;
    memory.m_descriptor = memfd_create("ringside-guest-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory.m_descriptor < 0 || ftruncate(memory.m_descriptor, static_cast<off_t>(bytes)) != 0)
        return fail(ExitCode::Unavailable, fmt::format("cannot create guest memory: {}", std::strerror(errno)));
    // Who looks at it from another process would die of SIGBUS if it could shrink.
    fcntl(memory.m_descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    if (auto mapped = memory.map(bytes, PROT_READ | PROT_WRITE); !mapped)
        return mapped.propagate();
    return memory;
}

// A file of a file system in user space could keep its reader waiting, and one of huge pages could run out of them: only what
// memfd_create(2) makes of ordinary pages is in the kernel's tmpfs and has seals.
Result<GuestMemory> GuestMemory::open_read_only(int descriptor, uint64_t bytes)
{
    GuestMemory memory;
    memory.m_descriptor = descriptor;
    struct stat status { };
    struct statfs system { };
    bool known = bytes >= minimum_memory && bytes <= maximum_memory && bytes % page_size == 0
        && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && static_cast<uint64_t>(status.st_size) == bytes
        && fstatfs(descriptor, &system) == 0 && system.f_type == TMPFS_MAGIC;
    int seals = known ? fcntl(descriptor, F_GET_SEALS) : -1;
    if (seals < 0 || !(seals & F_SEAL_SHRINK))
        return fail(ExitCode::Internal, "this is not the memory of the guest");
    if (auto mapped = memory.map(bytes, PROT_READ); !mapped)
        return mapped.propagate();
    return memory;
}

Result<void> GuestMemory::map(uint64_t bytes, int protection)
{
    m_size = bytes;
    void* host = mmap(nullptr, bytes, protection, MAP_SHARED | MAP_NORESERVE, m_descriptor, 0);
    if (host == MAP_FAILED)
        return fail(ExitCode::Unavailable, fmt::format("cannot map guest memory: {}", std::strerror(errno)),
            "choose a smaller --memory");
    m_host = static_cast<std::byte*>(host);
    m_regions[0] = { Gpa { 0 }, 0xA0000 };
    m_regions[1] = { Gpa { 0xB8000 }, 0x8000 };
    m_regions[2] = { Gpa { 0xC0000 }, bytes - 0xC0000 };
    return {};
}

GuestMemory::GuestMemory(GuestMemory&& other) noexcept
{
    *this = std::move(other);
}

GuestMemory& GuestMemory::operator=(GuestMemory&& other) noexcept
{
    std::swap(m_descriptor, other.m_descriptor);
    std::swap(m_host, other.m_host);
    std::swap(m_size, other.m_size);
    std::swap(m_regions, other.m_regions);
    std::swap(m_watch, other.m_watch);
    return *this;
}

GuestMemory::~GuestMemory()
{
    if (m_host)
        munmap(m_host, m_size);
    if (m_descriptor >= 0)
        close(m_descriptor);
}

}
