// A group of values that the processor pushes together: an interrupt's frame.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/x86/fault.hpp"
#include "core/x86/linear_memory.hpp"

#include <array>
#include <cstdint>

namespace ringside {

enum class OperandSize : uint8_t { Word = 2, Doubleword = 4 };

class StackFrame {
public:
    explicit StackFrame(OperandSize size) : m_item_bytes(static_cast<uint32_t>(size)) { }

    // In the order of pushing. The longest frame: 35 items, of a call gate with all the parameters it can have.
    void push(uint32_t value) { m_items[m_count++] = value; }

    // True if the frame fits below `esp` in the stack segment. SP wraps in a 16-bit stack (SDM 1 §6.2.3).
    bool has_room(const Segment& ss, uint32_t esp) const;

    // Writes the frame below `esp` and moves `esp`; on a page fault neither. The fault's address is that of the first
    // push that fails, in the order of pushing. The caller has asked has_room().
    [[nodiscard]] MaybeFault store(
        const LinearMemory& memory, const Segment& ss, uint32_t& esp, Privilege privilege) const;

private:
    static constexpr unsigned longest = 35;

    uint32_t bytes() const { return m_count * m_item_bytes; }
    uint32_t item_offset(const Segment& ss, uint32_t esp, unsigned index) const;
    bool is_contiguous(const Segment& ss, uint32_t esp) const;
    bool store_at_once(const LinearMemory& memory, Gla lowest, Privilege privilege) const;
    [[nodiscard]] MaybeFault store_each(
        const LinearMemory& memory, const Segment& ss, uint32_t esp, Privilege privilege) const;

    std::array<uint32_t, longest> m_items; // the first m_count of them
    unsigned m_count = 0;
    uint32_t m_item_bytes;
};

}
