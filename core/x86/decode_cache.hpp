// Decoded instructions, kept for the next time that the guest comes by. Direct-mapped by linear address. An entry counts
// only as long as the bytes in memory are those that were decoded, so that nobody has to tell the cache about code that
// changes or moves.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/decode.hpp"
#include "core/x86/fault.hpp"

#include <array>
#include <cstdint>
#include <memory>

namespace ringside {

class DecodeCache {
public:
    DecodeCache();

    // The instruction at CS:EIP; valid until the next call. Null if it cannot be fetched or decoded: fault() is then what
    // the processor raises.
    const Instruction* find(GuestMemory& memory, const CpuState& state);
    const Fault& fault() const { return m_fault; }

private:
    struct Entry {
        uint32_t address = 0;
        uint8_t length = 0; // 0: empty
        uint8_t mode = 0;   // what of the state chooses the decoder
        std::array<uint8_t, longest_instruction> bytes {};
        Instruction instruction {};
    };
    const Instruction* decode(GuestMemory& memory, const CpuState& state, Entry& entry);

    static constexpr uint32_t entry_count = 1024;
    std::unique_ptr<std::array<Entry, entry_count>> m_entries;
    Fault m_fault {};
};

}
