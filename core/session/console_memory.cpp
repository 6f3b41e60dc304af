#include "core/session/console_memory.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <new>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>

namespace ringside {

namespace {

Unexpected fail_with_errno(const char* what)
{
    return fail(ExitCode::Unavailable, fmt::format("cannot {} console memory: {}", what, std::strerror(errno)));
}

}

Result<ConsoleMemory> ConsoleMemory::map(Descriptor descriptor)
{
    void* mapping = mmap(nullptr, sizeof(ConsoleBlock), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.get(), 0);
    if (mapping == MAP_FAILED)
        return fail_with_errno("map");
    ConsoleMemory memory;
    memory.m_descriptor = std::move(descriptor);
    memory.m_block = static_cast<ConsoleBlock*>(mapping);
    return memory;
}

Result<ConsoleMemory> ConsoleMemory::create()
{
    Descriptor descriptor { memfd_create("ringside-console", MFD_CLOEXEC | MFD_ALLOW_SEALING) };
    // Sealed: a worker that shrank the file would make the session die of SIGBUS.
    if (!descriptor || ftruncate(descriptor.get(), sizeof(ConsoleBlock)) != 0
        || fcntl(descriptor.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return fail_with_errno("create");
    auto memory = map(std::move(descriptor));
    if (memory)
        new (memory->m_block) ConsoleBlock;
    return memory;
}

Result<ConsoleMemory> ConsoleMemory::open(Descriptor descriptor)
{
    struct stat status { };
    if (fstat(descriptor.get(), &status) != 0 || status.st_size != sizeof(ConsoleBlock))
        return fail(ExitCode::Internal, "this is not the console memory of this version of ringside");
    return map(std::move(descriptor));
}

ConsoleMemory::ConsoleMemory(ConsoleMemory&& other) noexcept
{
    *this = std::move(other);
}

ConsoleMemory& ConsoleMemory::operator=(ConsoleMemory&& other) noexcept
{
    std::swap(m_descriptor, other.m_descriptor);
    std::swap(m_block, other.m_block);
    return *this;
}

ConsoleMemory::~ConsoleMemory()
{
    if (m_block)
        munmap(m_block, sizeof(ConsoleBlock));
}

std::size_t ConsoleWriter::write_some(std::string_view text)
{
    uint64_t head = m_ring.head.load(std::memory_order_relaxed);
    uint64_t used = head - m_ring.tail.load(std::memory_order_acquire);
    std::size_t count = std::min<std::size_t>(text.size(), ConsoleRing::capacity - used);
    for (std::size_t i = 0; i < count; ++i)
        m_ring.bytes[(head + i) % ConsoleRing::capacity] = text[i];
    m_ring.head.store(head + count, std::memory_order_release);
    return count;
}

void ConsoleWriter::write(std::string_view text)
{
    constexpr auto nap = std::chrono::microseconds { 100 };
    for (;;) {
        text.remove_prefix(write_some(text));
        if (text.empty())
            return;
        std::this_thread::sleep_for(nap);
    }
}

std::size_t ConsoleReader::available() const
{
    uint64_t there = m_ring->head.load(std::memory_order_acquire) - m_tail;
    return there <= ConsoleRing::capacity ? there : 0; // else the writer has gone wild: nothing can be believed
}

std::size_t ConsoleReader::take(std::string& out, std::size_t limit)
{
    std::size_t count = std::min(available(), limit);
    for (std::size_t i = 0; i < count; ++i)
        out.push_back(m_ring->bytes[(m_tail + i) % ConsoleRing::capacity]);
    m_tail += count;
    m_ring->tail.store(m_tail, std::memory_order_release);
    return count;
}

}
