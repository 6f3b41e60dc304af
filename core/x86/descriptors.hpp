// Segment descriptors and selectors: the formats, and finding one in the GDT or the LDT (SDM 3A §3.4, §3.5).
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/x86/fault.hpp"
#include "core/x86/linear_memory.hpp"

#include <cstdint>

namespace ringside {

// SDM 3A figure 3-6:   15..3 index | 2 TI: in the LDT | 1..0 RPL
struct Selector {
    uint16_t value = 0;

    constexpr Selector() = default;
    constexpr explicit Selector(uint16_t v) : value(v) { }
    constexpr unsigned rpl() const { return value & 3u; }
    constexpr bool is_local() const { return value & 4u; }
    constexpr uint32_t table_offset() const { return value & 0xFFF8u; }
    constexpr bool is_null() const { return (value & 0xFFFCu) == 0; }
    // The selector as an error code (SDM 3A §6.13); `external` is selector_error::external or 0.
    constexpr uint32_t error_code(uint32_t external = 0) const { return (value & 0xFFFCu) | external; }
    bool operator==(const Selector&) const = default;
};

// The type field of system descriptors, S = 0 (SDM 3A table 3-2).
enum class SystemType : uint8_t {
    AvailableTss16 = 1,
    Ldt = 2,
    BusyTss16 = 3,
    CallGate16 = 4,
    TaskGate = 5,
    InterruptGate16 = 6,
    TrapGate16 = 7,
    AvailableTss32 = 9,
    BusyTss32 = 11,
    CallGate32 = 12,
    InterruptGate32 = 14,
    TrapGate32 = 15,
};

// Bits of the type field of code and data descriptors, S = 1 (SDM 3A table 3-1).
namespace segment_type {
inline constexpr unsigned accessed = 1, writable = 2, readable = 2, expand_down = 4, conforming = 4, code = 8;
}

// Eight bytes of a descriptor table, read as a segment (figure 3-8) or as a gate (figure 6-2).
//
//   63..56     55 54 53 52   51..48        47 46..45 44 43..40  39..16       15..0
//   base 31:24  G D/B L AVL  limit 19:16    P   DPL   S  type   base 23:0    limit 15:0
//   offset 31:16 .......................... P   DPL   0  type   0 | selector offset 15:0
struct Descriptor {
    uint64_t raw = 0;

    constexpr Descriptor() = default;
    constexpr explicit Descriptor(uint64_t r) : raw(r) { }
    // `limit` in bytes. With the granularity bit in `attributes` its low 12 bits are taken to be ones.
    static constexpr Descriptor segment(uint32_t base, uint32_t limit, uint16_t attributes)
    {
        uint64_t field = attributes & granularity ? limit >> 12 : limit & 0xFFFFFu;
        return Descriptor { (field & 0xFFFF) | (uint64_t { base } & 0xFFFFFF) << 16
            | uint64_t { attributes & 0xF0FFu } << 40 | (field >> 16 & 0xF) << 48 | (uint64_t { base } >> 24) << 56 };
    }
    // `attributes`: P, DPL and type, as in Segment.
    static constexpr Descriptor gate(Selector target, uint32_t offset, uint16_t attributes, unsigned parameters = 0)
    {
        return Descriptor { (offset & 0xFFFF) | uint64_t { target.value } << 16 | uint64_t { parameters & 0x1Fu } << 32
            | uint64_t { attributes & 0xFFu } << 40 | uint64_t { offset >> 16 } << 48 };
    }

    static constexpr uint16_t granularity = 1 << 15;

    constexpr uint16_t attributes() const { return static_cast<uint16_t>(raw >> 40 & 0xF0FF); }
    constexpr unsigned type() const { return raw >> 40 & 0xF; }
    constexpr unsigned dpl() const { return raw >> 45 & 3; }
    constexpr bool is_present() const { return raw >> 47 & 1; }
    constexpr bool is_system() const { return !(raw >> 44 & 1); }
    constexpr bool is(SystemType system) const { return is_system() && type() == static_cast<unsigned>(system); }
    constexpr bool is_code() const { return !is_system() && (type() & segment_type::code); }
    constexpr bool is_data() const { return !is_system() && !(type() & segment_type::code); }
    constexpr bool is_conforming_code() const { return is_code() && (type() & segment_type::conforming); }
    constexpr bool is_readable_code() const { return is_code() && (type() & segment_type::readable); }
    constexpr bool is_writable_data() const { return is_data() && (type() & segment_type::writable); }

    // As a segment.
    constexpr uint32_t base() const { return static_cast<uint32_t>((raw >> 16 & 0xFFFFFF) | (raw >> 56 << 24)); }
    constexpr uint32_t limit() const
    {
        auto field = static_cast<uint32_t>((raw & 0xFFFF) | (raw >> 32 & 0xF0000));
        return attributes() & granularity ? field << 12 | 0xFFF : field;
    }
    constexpr Segment segment_register(Selector selector) const
    {
        return { selector.value, attributes(), base(), limit() };
    }

    // As a gate.
    constexpr uint32_t gate_offset() const { return static_cast<uint32_t>((raw & 0xFFFF) | (raw >> 32 & 0xFFFF0000)); }
    constexpr Selector gate_selector() const { return Selector { static_cast<uint16_t>(raw >> 16) }; }
    constexpr unsigned gate_parameters() const { return raw >> 32 & 0x1F; }

    bool operator==(const Descriptor&) const = default;
};

// A descriptor and the linear address it was read from.
struct FoundDescriptor {
    Descriptor descriptor {};
    Gla address {};
};

// Reads the descriptor that `selector` names. `on_limit` is the fault, with its code, of a selector outside its table
// (and of an LDT selector without an LDT); a #PF of the table itself comes back as it is. The caller has dealt with the
// null selector.
[[nodiscard]] MaybeFault find_descriptor(
    GuestMemory& memory, const CpuState& state, Selector selector, Fault on_limit, FoundDescriptor& found);

// Sets the accessed bit, in `found` and in memory, if it is clear (SDM 3A §3.4.5.1).
[[nodiscard]] MaybeFault mark_accessed(GuestMemory& memory, const CpuState& state, FoundDescriptor& found);

// Stores `type` into a system descriptor in memory: TSS busy and available (SDM 3A §7.2.2).
[[nodiscard]] MaybeFault set_system_type(GuestMemory& memory, const CpuState& state, Gla address, SystemType type);

}
