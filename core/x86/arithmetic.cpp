#include "core/x86/arithmetic.hpp"

namespace ringside::arithmetic {

namespace {

constexpr unsigned count_mask = 31; // SDM 2B "SAL/SAR/SHL/SHR"

// A rotate leaves all flags but CF and OF.
constexpr Flagged rotated(uint32_t value, bool carry, bool overflow, uint32_t flags)
{
    return { value, (flags & ~(eflags::cf | eflags::of)) | when(carry, eflags::cf) | when(overflow, eflags::of) };
}

// OF after a shift or rotate to the left: the sign has changed. Defined for a count of 1 only, as is the next.
constexpr bool left_overflow(uint32_t value, bool carry, unsigned bits)
{
    return sign_of(value, bits) != carry;
}
// After a rotate to the right: the two top bits differ.
constexpr bool right_overflow(uint32_t value, unsigned bits)
{
    return sign_of(value, bits) != sign_of(value << 1, bits);
}

}

Flagged shift_left(uint32_t value, unsigned count, unsigned bits, uint32_t flags)
{
    count &= count_mask;
    if (count == 0)
        return { value, flags };
    uint64_t wide = uint64_t { value } << count;
    auto shifted = static_cast<uint32_t>(wide) & mask_of(bits);
    bool carry = wide >> bits & 1;
    return { shifted,
        result_flags(shifted, bits) | when(carry, eflags::cf) | when(left_overflow(shifted, carry, bits), eflags::of) };
}

Flagged shift_right(uint32_t value, unsigned count, unsigned bits, uint32_t flags)
{
    count &= count_mask;
    if (count == 0)
        return { value, flags };
    uint32_t shifted = value >> count;
    bool carry = value >> (count - 1) & 1;
    return { shifted,
        result_flags(shifted, bits) | when(carry, eflags::cf) | when(right_overflow(shifted, bits), eflags::of) };
}

Flagged shift_arithmetic_right(uint32_t value, unsigned count, unsigned bits, uint32_t flags)
{
    count &= count_mask;
    if (count == 0)
        return { value, flags };
    auto extended = static_cast<int64_t>(static_cast<int32_t>(sign_extend(value, bits)));
    auto shifted = static_cast<uint32_t>(extended >> count) & mask_of(bits);
    return { shifted, result_flags(shifted, bits) | when(extended >> (count - 1) & 1, eflags::cf) };
}

Flagged rotate_left(uint32_t value, unsigned count, unsigned bits, uint32_t flags)
{
    count &= count_mask;
    if (count == 0)
        return { value, flags };
    unsigned places = count % bits;
    uint32_t turned = places ? ((value << places) | (value >> (bits - places))) & mask_of(bits) : value;
    bool carry = turned & 1;
    return rotated(turned, carry, left_overflow(turned, carry, bits), flags);
}

Flagged rotate_right(uint32_t value, unsigned count, unsigned bits, uint32_t flags)
{
    count &= count_mask;
    if (count == 0)
        return { value, flags };
    unsigned places = count % bits;
    uint32_t turned = places ? ((value >> places) | (value << (bits - places))) & mask_of(bits) : value;
    return rotated(turned, sign_of(turned, bits), right_overflow(turned, bits), flags);
}

// CF is one more bit at the top of the value.
Flagged rotate_carry_left(uint32_t value, unsigned count, unsigned bits, uint32_t flags)
{
    unsigned places = (count & count_mask) % (bits + 1);
    if (places == 0)
        return { value, flags };
    uint64_t chain = uint64_t { value } | uint64_t { flags & eflags::cf } << bits;
    uint64_t turned = chain << places | chain >> (bits + 1 - places);
    auto result = static_cast<uint32_t>(turned) & mask_of(bits);
    bool carry = turned >> bits & 1;
    return rotated(result, carry, left_overflow(result, carry, bits), flags);
}

Flagged rotate_carry_right(uint32_t value, unsigned count, unsigned bits, uint32_t flags)
{
    unsigned places = (count & count_mask) % (bits + 1);
    if (places == 0)
        return { value, flags };
    uint64_t chain = uint64_t { value } | uint64_t { flags & eflags::cf } << bits;
    uint64_t turned = chain >> places | chain << (bits + 1 - places);
    auto result = static_cast<uint32_t>(turned) & mask_of(bits);
    return rotated(result, turned >> bits & 1, right_overflow(result, bits), flags);
}

// With 16 bits and a count above 16 the result is undefined; here the bits then come from `value` again, as they do on
// processors that rotate the pair.
Flagged double_shift_left(uint32_t value, uint32_t source, unsigned count, unsigned bits, uint32_t flags)
{
    count &= count_mask;
    if (count == 0)
        return { value, flags };
    uint64_t chain = bits == 32 ? uint64_t { value } << 32 | source
                                : uint64_t { value } << 48 | uint64_t { source } << 32 | uint64_t { value } << 16 | source;
    auto shifted = static_cast<uint32_t>(chain << count >> (64 - bits));
    bool carry = chain >> (64 - count) & 1;
    bool overflow = sign_of(shifted, bits) != sign_of(value, bits);
    return { shifted, result_flags(shifted, bits) | when(carry, eflags::cf) | when(overflow, eflags::of) };
}

Flagged double_shift_right(uint32_t value, uint32_t source, unsigned count, unsigned bits, uint32_t flags)
{
    count &= count_mask;
    if (count == 0)
        return { value, flags };
    uint64_t chain = bits == 32 ? uint64_t { source } << 32 | value
                                : uint64_t { source } << 48 | uint64_t { value } << 32 | uint64_t { source } << 16 | value;
    auto shifted = static_cast<uint32_t>(chain >> count) & mask_of(bits);
    bool carry = chain >> (count - 1) & 1;
    bool overflow = sign_of(shifted, bits) != sign_of(value, bits);
    return { shifted, result_flags(shifted, bits) | when(carry, eflags::cf) | when(overflow, eflags::of) };
}

Product multiply(uint32_t a, uint32_t b, unsigned bits)
{
    uint64_t product = uint64_t { a } * b;
    auto low = static_cast<uint32_t>(product) & mask_of(bits);
    auto high = static_cast<uint32_t>(product >> bits) & mask_of(bits);
    return { low, high, (result_flags(low, bits)) | when(high != 0, eflags::cf | eflags::of) };
}

Product multiply_signed(uint32_t a, uint32_t b, unsigned bits)
{
    auto factor = [&](uint32_t value) { return int64_t { static_cast<int32_t>(sign_extend(value, bits)) }; };
    int64_t product = factor(a) * factor(b);
    auto low = static_cast<uint32_t>(product) & mask_of(bits);
    auto high = static_cast<uint32_t>(product >> bits) & mask_of(bits);
    return { low, high, result_flags(low, bits) | when(product != factor(low), eflags::cf | eflags::of) };
}

bool condition(unsigned number, uint32_t flags)
{
    auto is_set = [&](uint32_t flag) { return (flags & flag) != 0; };
    bool less = is_set(eflags::sf) != is_set(eflags::of);
    bool met = false;
    switch (number >> 1 & 7) {
    case 0:
        met = is_set(eflags::of);
        break;
    case 1:
        met = is_set(eflags::cf);
        break;
    case 2:
        met = is_set(eflags::zf);
        break;
    case 3:
        met = is_set(eflags::cf | eflags::zf);
        break;
    case 4:
        met = is_set(eflags::sf);
        break;
    case 5:
        met = is_set(eflags::pf);
        break;
    case 6:
        met = less;
        break;
    case 7:
        met = less || is_set(eflags::zf);
        break;
    }
    return met != ((number & 1) != 0); // odd conditions are the opposites
}

}
