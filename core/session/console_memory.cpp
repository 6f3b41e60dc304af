#include "core/session/console_memory.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <thread>

namespace ringside {

Result<ConsoleMemory> ConsoleMemory::create()
{
    auto memory = SharedMemory::create("console", sizeof(ConsoleBlock));
    if (!memory)
        return memory.propagate();
    new (memory->data()) ConsoleBlock;
    return ConsoleMemory(std::move(*memory));
}

Result<ConsoleMemory> ConsoleMemory::open(Descriptor descriptor)
{
    auto memory = SharedMemory::open(std::move(descriptor), "console", sizeof(ConsoleBlock));
    if (!memory)
        return memory.propagate();
    return ConsoleMemory(std::move(*memory));
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
