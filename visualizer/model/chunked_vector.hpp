// A sequence that grows at its end without moving what it holds: chunks of a fixed size. Tens of millions of elements
// cost no copy, and no moment with twice the memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

namespace ringside::visualizer {

template<typename T, std::size_t chunk_size>
class ChunkedVector {
    static_assert((chunk_size & (chunk_size - 1)) == 0, "a power of two: an index is split by shifting");
    static_assert(std::is_trivially_copyable_v<T>);

public:
    uint64_t size() const { return m_size; }
    bool empty() const { return m_size == 0; }
    T& operator[](uint64_t index) { return m_chunks[index / chunk_size][index % chunk_size]; }
    const T& operator[](uint64_t index) const { return m_chunks[index / chunk_size][index % chunk_size]; }
    T& back() { return (*this)[m_size - 1]; }
    const T& back() const { return (*this)[m_size - 1]; }

    void push_back(const T& value)
    {
        if (m_size == m_chunks.size() * chunk_size)
            m_chunks.emplace_back(new T[chunk_size]);
        (*this)[m_size++] = value;
    }
    void pop_back() { --m_size; } // its chunk is kept for what comes next

    // The elements from `first` on that lie one after another in memory, at most up to `last`.
    std::span<const T> stretch(uint64_t first, uint64_t last) const
    {
        if (first >= last)
            return {};
        auto end = (first / chunk_size + 1) * chunk_size;
        return { &(*this)[first], static_cast<std::size_t>((last < end ? last : end) - first) };
    }

private:
    std::vector<std::unique_ptr<T[]>> m_chunks;
    uint64_t m_size = 0;
};

}
