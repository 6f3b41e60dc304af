#include "core/x86/floating_registers.hpp"

#include <algorithm>
#include <array>

namespace ringside {

void FloatingRegisters::set_control_and_status(uint16_t control, uint16_t status)
{
    constexpr uint16_t known = 0x1F3F, always = 0x40, summary = 0x8080;
    set<uint16_t>(0, static_cast<uint16_t>((control & known) | always));
    set<uint16_t>(2, static_cast<uint16_t>(status & ~summary));
    if (exception_pending())
        set<uint16_t>(2, static_cast<uint16_t>(status | summary));
}

// 0: a number; 1: zero; 2: NaN, infinity, denormal or unsupported.
unsigned FloatingRegisters::tag_of(const std::byte* value) const
{
    uint64_t fraction = 0;
    uint16_t exponent = 0;
    std::memcpy(&fraction, value, sizeof(fraction));
    std::memcpy(&exponent, value + sizeof(fraction), sizeof(exponent));
    exponent &= 0x7FFF;
    if (exponent == 0 && fraction == 0)
        return 1;
    bool normal = exponent != 0 && exponent != 0x7FFF && fraction >> 63;
    return normal ? 0 : 2;
}

uint16_t FloatingRegisters::tags() const
{
    constexpr unsigned empty = 3;
    unsigned abridged = get<uint8_t>(4);
    unsigned tags = 0;
    for (unsigned physical = 0; physical < 8; ++physical) {
        bool used = abridged >> physical & 1;
        unsigned tag = used ? tag_of(stack_register((physical - top()) & 7)) : empty;
        tags |= tag << (2 * physical);
    }
    return static_cast<uint16_t>(tags);
}

void FloatingRegisters::set_tags(uint16_t tags)
{
    unsigned abridged = 0;
    for (unsigned physical = 0; physical < 8; ++physical)
        abridged |= ((tags >> (2 * physical) & 3) != 3 ? 1u : 0u) << physical;
    set(4, static_cast<uint8_t>(abridged));
}

void FloatingRegisters::turn_stack(unsigned new_top)
{
    std::array<std::byte, 8 * stride> before;
    std::memcpy(before.data(), stack_register(0), before.size());
    auto by = static_cast<std::ptrdiff_t>(((new_top - top()) & 7) * stride);
    std::ranges::rotate_copy(before, before.begin() + by, stack_register(0));
}

FloatingRegisters::Pointers FloatingRegisters::pointers() const
{
    return { get<uint16_t>(6), get<uint32_t>(8), get<uint16_t>(12), get<uint32_t>(16), get<uint16_t>(20) };
}

void FloatingRegisters::set_pointers(const Pointers& pointers)
{
    set<uint16_t>(6, pointers.opcode);
    set<uint32_t>(8, pointers.instruction);
    set<uint32_t>(12, pointers.code_selector);
    set<uint32_t>(16, pointers.operand);
    set<uint32_t>(20, pointers.operand_selector);
}

void FloatingRegisters::initialize()
{
    constexpr uint16_t control = 0x37F, empty = 0xFFFF;
    turn_stack(0);
    set_control_and_status(control, 0);
    set_tags(empty);
    set_pointers({});
}

}
