// Little-endian scalars and texts in a sequence of bytes; used by the blocks of trace files.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

static_assert(
    std::endian::native == std::endian::little, "trace files are little-endian, and written as they are in memory");

class ByteWriter {
public:
    template<typename T>
    void put(T value)
    {
        static_assert(std::has_unique_object_representations_v<T>);
        auto bytes = std::as_bytes(std::span { &value, 1 });
        m_bytes.insert(m_bytes.end(), bytes.begin(), bytes.end());
    }
    void put_text(std::string_view text)
    {
        put(static_cast<uint32_t>(text.size()));
        auto bytes = std::as_bytes(std::span { text });
        m_bytes.insert(m_bytes.end(), bytes.begin(), bytes.end());
    }
    std::span<const std::byte> bytes() const { return m_bytes; }

private:
    std::vector<std::byte> m_bytes;
};

// Reading past the end gives zeros and "", and ok() is false from then on.
class ByteReader {
public:
    explicit ByteReader(std::span<const std::byte> bytes) : m_rest(bytes) { }

    template<typename T>
    T get()
    {
        static_assert(std::has_unique_object_representations_v<T>);
        T value {};
        if (auto source = take(sizeof(T)); !source.empty())
            std::memcpy(&value, source.data(), sizeof(T));
        return value;
    }
    std::string get_text()
    {
        auto source = take(get<uint32_t>());
        return { reinterpret_cast<const char*>(source.data()), source.size() };
    }

    bool ok() const { return m_ok; }
    std::size_t remaining() const { return m_rest.size(); }
    bool finished() const { return m_ok && m_rest.empty(); }

private:
    std::span<const std::byte> take(std::size_t count)
    {
        m_ok = m_ok && count <= m_rest.size();
        if (!m_ok)
            return {};
        auto taken = m_rest.first(count);
        m_rest = m_rest.subspan(count);
        return taken;
    }

    std::span<const std::byte> m_rest;
    bool m_ok = true;
};

}
