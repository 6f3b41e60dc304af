// Integer arithmetic with the flags that it leaves: the one place where flags are computed (SDM 1 §3.4.3.1, appendix A).
//
// Values are zero-extended; `bits` is 8, 16 or 32. Flags that the manual leaves undefined come out as most processors
// have them, or as 0.
#pragma once

#include "core/machine/cpu_state.hpp"

#include <bit>
#include <cstdint>

namespace ringside::arithmetic {

// CF, PF, AF, ZF, SF and OF: the status flags.
inline constexpr uint32_t status_flags
    = eflags::cf | eflags::pf | eflags::af | eflags::zf | eflags::sf | eflags::of;

struct Flagged {
    uint32_t value = 0;
    uint32_t flags = 0; // status flags
};

constexpr uint32_t mask_of(unsigned bits)
{
    return bits == 32 ? 0xFFFFFFFF : (1u << bits) - 1;
}
constexpr bool sign_of(uint32_t value, unsigned bits)
{
    return value >> (bits - 1) & 1;
}
constexpr uint32_t sign_extend(uint32_t value, unsigned bits)
{
    uint32_t sign = 1u << (bits - 1);
    return ((value & mask_of(bits)) ^ sign) - sign;
}
constexpr uint32_t when(bool condition, uint32_t flag)
{
    return condition ? flag : 0;
}

// SF, ZF and PF, which depend on the result alone. PF looks at the low byte only.
constexpr uint32_t result_flags(uint32_t value, unsigned bits)
{
    return when(sign_of(value, bits), eflags::sf) | when((value & mask_of(bits)) == 0, eflags::zf)
        | when(std::popcount(value & 0xFF) % 2 == 0, eflags::pf);
}

// AND, OR, XOR, TEST: CF and OF are clear.
constexpr Flagged logic(uint32_t value, unsigned bits)
{
    value &= mask_of(bits);
    return { value, result_flags(value, bits) };
}

constexpr Flagged add(uint32_t a, uint32_t b, bool carry, unsigned bits)
{
    uint64_t sum = uint64_t { a } + b + carry;
    auto value = static_cast<uint32_t>(sum) & mask_of(bits);
    return { value,
        result_flags(value, bits) | when(sum >> bits & 1, eflags::cf) | when((a ^ b ^ value) & 0x10, eflags::af)
            | when(sign_of((a ^ value) & (b ^ value), bits), eflags::of) };
}

constexpr Flagged subtract(uint32_t a, uint32_t b, bool borrow, unsigned bits)
{
    uint64_t difference = uint64_t { a } - b - borrow;
    auto value = static_cast<uint32_t>(difference) & mask_of(bits);
    return { value,
        result_flags(value, bits) | when(difference >> bits & 1, eflags::cf) | when((a ^ b ^ value) & 0x10, eflags::af)
            | when(sign_of((a ^ b) & (a ^ value), bits), eflags::of) };
}

// Shifts and rotates by `count`, of which five bits count. With none of them set nothing changes, flags included:
// `flags` then are those given. RCL and RCR rotate through CF. The result's SF, ZF, PF and AF are for shifts only.
Flagged shift_left(uint32_t value, unsigned count, unsigned bits, uint32_t flags);
Flagged shift_right(uint32_t value, unsigned count, unsigned bits, uint32_t flags);
Flagged shift_arithmetic_right(uint32_t value, unsigned count, unsigned bits, uint32_t flags);
Flagged rotate_left(uint32_t value, unsigned count, unsigned bits, uint32_t flags);
Flagged rotate_right(uint32_t value, unsigned count, unsigned bits, uint32_t flags);
Flagged rotate_carry_left(uint32_t value, unsigned count, unsigned bits, uint32_t flags);
Flagged rotate_carry_right(uint32_t value, unsigned count, unsigned bits, uint32_t flags);

// SHLD and SHRD: the bits that come in are those of `source`.
Flagged double_shift_left(uint32_t value, uint32_t source, unsigned count, unsigned bits, uint32_t flags);
Flagged double_shift_right(uint32_t value, uint32_t source, unsigned count, unsigned bits, uint32_t flags);

// The product's low half in `value`, its high half in `high`. CF and OF: the high half is more than the low half's
// extension.
struct Product {
    uint32_t low = 0;
    uint32_t high = 0;
    uint32_t flags = 0;
};
Product multiply(uint32_t a, uint32_t b, unsigned bits);
Product multiply_signed(uint32_t a, uint32_t b, unsigned bits);

// The condition `number` (0 to 15) of Jcc, SETcc and CMOVcc: the low four bits of their opcodes (SDM 2D appendix B.1.4.7).
bool condition(unsigned number, uint32_t flags);

}
