#include "core/x86/decode_cache.hpp"

#include "core/x86/paging.hpp"
#include "core/x86/segments.hpp"

#include <cstring>
#include <utility>

namespace ringside {

namespace {

// What of the state chooses the decoder.
uint8_t mode_of(const CpuState& state)
{
    bool real = !state.protected_mode() || state.virtual_8086();
    return static_cast<uint8_t>(
        (state.segment(Cs).is_big() ? 1 : 0) | (state.segment(Ss).is_big() ? 2 : 0) | (real ? 4 : 0));
}

// `length` bytes of code within one page of RAM, or null.
const std::byte* code_bytes(GuestMemory& memory, const CpuState& state, Gla address, uint32_t length)
{
    if (address.page_offset() + length > page_size)
        return nullptr;
    PageWalk walk
        = walk_pages(memory, state, address, Access::Execute, privilege_of(state), AccessedDirty::Update);
    return walk.present ? std::as_const(memory).bytes(walk.physical, length).data() : nullptr;
}

}

DecodeCache::DecodeCache() : m_entries(std::make_unique<std::array<Entry, entry_count>>())
{
}

const Instruction* DecodeCache::find(GuestMemory& memory, const CpuState& state)
{
    const Segment& cs = state.segment(Cs);
    Gla address = Gla { cs.base } + state.eip;
    Entry& entry = (*m_entries)[(address.value ^ address.value >> 12) % entry_count];
    bool fits = entry.length != 0 && entry.address == address.value && entry.mode == mode_of(state)
        && within_limit(cs, state.eip, entry.length);
    if (fits) [[likely]] {
        const std::byte* now = code_bytes(memory, state, address, entry.length);
        if (now && std::memcmp(now, entry.bytes.data(), entry.length) == 0) [[likely]]
            return &entry.instruction;
    }
    return decode(memory, state, entry);
}

// An instruction that is not in one page of RAM is decoded each time.
const Instruction* DecodeCache::decode(GuestMemory& memory, const CpuState& state, Entry& entry)
{
    auto decoded = decode_instruction(memory, state);
    entry.length = 0;
    if (decoded.fault) {
        m_fault = *decoded.fault;
        return nullptr;
    }
    entry.instruction = decoded.instruction;
    entry.address = state.segment(Cs).base + state.eip;
    entry.mode = mode_of(state);
    uint8_t length = decoded.instruction.length();
    if (const std::byte* bytes = code_bytes(memory, state, Gla { entry.address }, length)) {
        std::memcpy(entry.bytes.data(), bytes, length);
        entry.length = length;
    }
    return &entry.instruction;
}

}
