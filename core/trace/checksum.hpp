// CRC-32C (Castagnoli), as in iSCSI (RFC 3720 appendix B.4): finds any burst of up to 32 damaged bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ringside {

// `previous` continues an earlier checksum: crc32c(b, crc32c(a)) is the checksum of a followed by b.
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t previous = 0);

// The same without the CPU's instruction for it, which crc32c() uses where there is one.
uint32_t crc32c_by_table(std::span<const std::byte> bytes, uint32_t previous = 0);

}
