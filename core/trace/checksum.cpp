#include "core/trace/checksum.hpp"

#include <array>
#include <cstring>

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

}

uint32_t crc32c(std::span<const std::byte> bytes, uint32_t previous)
{
    uint32_t crc = ~previous;
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
        uint64_t word;
        std::memcpy(&word, bytes.data(), sizeof word);
        word ^= crc;
        crc = 0;
        for (std::size_t i = 0; i < 8; ++i)
            crc ^= tables[7 - i][(word >> (8 * i)) & 0xFF];
    }
    for (auto byte : bytes)
        crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<uint32_t>(byte)) & 0xFF];
    return ~crc;
}

}
