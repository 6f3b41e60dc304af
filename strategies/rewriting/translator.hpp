// From guest code to a block: decode, decide for each instruction (treatment.hpp), emit.
//
// What is emitted is copied bytes for identical instructions, and for the others short sequences that leave the flags
// alone and put down no more than ECX and EDX (slots, monitor_area.hpp). A block ends with a branch, with a call of the
// monitor, or where it has grown long; branches that are not taken do not end it. Wherever the host can be stopped, a
// Point says how to find the guest's registers.
#pragma once

#include "strategies/rewriting/block.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace ringside::rewriting {

struct TranslationRequest {
    BlockKey key;
    ControlMode mode;
    bool checks = false;                // compare the source at each entry, and end behind each write to memory
    std::span<const uint8_t> code;      // from key.eip on: the page, and what is known of the next one
    uint32_t second_frame = 0;          // of the next page, if any of it is known
    std::span<const uint16_t> device_accesses {}; // offsets in the page, of instructions that reach a device
    std::size_t in_page = 0;            // of them, in the page of key.eip
    BlockId id = 0;
    uint16_t first_record = 0;          // of the SegmentRecords that are free
    uint16_t first_answer = 0;          // of the CpuidRecords
    uint32_t host = 0;                  // where it will lie
};

struct Translation {
    Block block;
    std::vector<uint8_t> bytes;
};

// The longest a translation gets, in bytes.
inline constexpr uint32_t longest_translation = 16 * 1024;

// The way in through the entry table, which comes first, is as long in every block.
inline constexpr uint32_t entry_bytes = 27;

// Without an instruction in it if the first one is none, or not wholly known.
Translation translate(const MonitorArea& area, const TranslationRequest& request);

// Slots::site: the block and which of its sites; or this, when an entry table had nothing for the address.
constexpr uint32_t no_entry_site(CodeRing ring) { return ring == CodeRing::Ring3 ? 0xFFFFFFFF : 0xFFFFFFFE; }
inline constexpr uint32_t sites_of_a_block = 256;
constexpr uint32_t site_number(BlockId id, std::size_t site) { return id * sites_of_a_block + static_cast<uint32_t>(site); }

// The first bytes of each ring's code: calls the monitor with no_entry_site. At most this long.
inline constexpr uint32_t no_entry_bytes = 32;
std::vector<uint8_t> no_entry_stub(const MonitorArea& area, CodeRing ring);

// The host's selectors: the segments that 64-bit Linux gives to 64-bit and 32-bit programs, flat.
inline constexpr uint16_t host_code_64 = 0x33, host_code_32 = 0x23, host_data = 0x2B;

}
