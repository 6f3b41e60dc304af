#include "core/session/shared_memory.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace ringside {

namespace {

Unexpected fail_with_errno(const char* what, const std::string& name)
{
    return fail(ExitCode::Unavailable, fmt::format("cannot {} {} memory: {}", what, name, std::strerror(errno)));
}

}

Result<SharedMemory> SharedMemory::map(Descriptor descriptor, const std::string& name, std::size_t bytes)
{
    void* mapping = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.get(), 0);
    if (mapping == MAP_FAILED)
        return fail_with_errno("map", name);
    SharedMemory memory;
    memory.m_descriptor = std::move(descriptor);
    memory.m_data = mapping;
    memory.m_bytes = bytes;
    return memory;
}

Result<SharedMemory> SharedMemory::create(const std::string& name, std::size_t bytes)
{
    Descriptor descriptor { memfd_create(("ringside-" + name).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING) };
    if (!descriptor || ftruncate(descriptor.get(), static_cast<off_t>(bytes)) != 0
        || fcntl(descriptor.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return fail_with_errno("create", name);
    return map(std::move(descriptor), name, bytes);
}

Result<SharedMemory> SharedMemory::open(Descriptor descriptor, const std::string& name, std::size_t bytes)
{
    struct stat status { };
    if (fstat(descriptor.get(), &status) != 0 || static_cast<std::size_t>(status.st_size) != bytes)
        return fail(ExitCode::Internal, fmt::format("this is not the {} memory of this version of ringside", name));
    return map(std::move(descriptor), name, bytes);
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
{
    *this = std::move(other);
}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept
{
    std::swap(m_descriptor, other.m_descriptor);
    std::swap(m_data, other.m_data);
    std::swap(m_bytes, other.m_bytes);
    return *this;
}

SharedMemory::~SharedMemory()
{
    if (m_data)
        munmap(m_data, m_bytes);
}

}
