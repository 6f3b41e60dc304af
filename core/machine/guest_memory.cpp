#include "core/machine/guest_memory.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <sys/mman.h>
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
    memory.m_size = bytes;
    void* host = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memory.m_descriptor, 0);
    if (host == MAP_FAILED)
        return fail(ExitCode::Unavailable, fmt::format("cannot map guest memory: {}", std::strerror(errno)),
            "choose a smaller --memory");
    memory.m_host = static_cast<std::byte*>(host);
    memory.m_regions[0] = { Gpa { 0 }, 0xA0000 };
    memory.m_regions[1] = { Gpa { 0xB8000 }, 0x8000 };
    memory.m_regions[2] = { Gpa { 0xC0000 }, bytes - 0xC0000 };
    return memory;
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
