#include "core/trace/checksum.hpp"

#include <array>
#include <cstring>
#include <nmmintrin.h>

namespace ringside {

namespace {

// tables[k][b] is the remainder of the byte b followed by k zero bytes. Eight tables let eight bytes be folded in per
// step, several times faster than one.
using Tables = std::array<std::array<uint32_t, 256>, 8>;

constexpr Tables make_tables()
{
    constexpr uint32_t polynomial = 0x82F63B78; // bit-reversed
    Tables tables {};
    for (uint32_t byte = 0; byte < 256; ++byte) {
        uint32_t remainder = byte;
        for (int bit = 0; bit < 8; ++bit)
            remainder = (remainder >> 1) ^ (remainder & 1 ? polynomial : 0);
        tables[0][byte] = remainder;
    }
    for (std::size_t k = 1; k < tables.size(); ++k) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            uint32_t shorter = tables[k - 1][byte];
            tables[k][byte] = (shorter >> 8) ^ tables[0][shorter & 0xFF];
        }
    }
    return tables;
}

constexpr Tables tables = make_tables();

// Without the complement at both ends, as are the next two.
uint32_t fold_bytes(uint32_t crc, std::span<const std::byte> bytes)
{
    for (auto byte : bytes)
        crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<uint32_t>(byte)) & 0xFF];
    return crc;
}

uint32_t fold_words(uint32_t crc, std::span<const std::byte> words)
{
    for (; words.size() >= 8; words = words.subspan(8)) {
        uint64_t word;
        std::memcpy(&word, words.data(), sizeof word);
        word ^= crc;
        crc = 0;
        for (std::size_t i = 0; i < 8; ++i)
            crc ^= tables[7 - i][(word >> (8 * i)) & 0xFF];
    }
    return crc;
}

// The CPU's own instruction, several times as fast (SDM 2A, CRC32).
[[gnu::target("sse4.2")]] uint32_t fold_words_by_cpu(uint32_t crc, std::span<const std::byte> words)
{
    uint64_t folded = crc;
    for (; words.size() >= 8; words = words.subspan(8)) {
        uint64_t word;
        std::memcpy(&word, words.data(), sizeof word);
        folded = _mm_crc32_u64(folded, word);
    }
    return static_cast<uint32_t>(folded);
}

}

uint32_t crc32c(std::span<const std::byte> bytes, uint32_t previous)
{
    static const bool cpu_has_it = __builtin_cpu_supports("sse4.2");
    auto words = bytes.first(bytes.size() / 8 * 8);
    uint32_t crc = cpu_has_it ? fold_words_by_cpu(~previous, words) : fold_words(~previous, words);
    return ~fold_bytes(crc, bytes.subspan(words.size()));
}

uint32_t crc32c_by_table(std::span<const std::byte> bytes, uint32_t previous)
{
    auto words = bytes.first(bytes.size() / 8 * 8);
    return ~fold_bytes(fold_words(~previous, words), bytes.subspan(words.size()));
}

}
