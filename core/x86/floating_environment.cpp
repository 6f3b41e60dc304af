#include "core/x86/floating_environment.hpp"

#include <array>
#include <cstring>

namespace ringside {

namespace {

// The words at 32 bits; those of 16 are their lower halves. What is reserved is ones or zeros, as processors store it.
using Words = std::array<uint32_t, 7>;

constexpr uint32_t upper = 0xFFFF0000;
constexpr uint32_t opcode_bits = 0x7FF;
constexpr std::size_t mxcsr_offset = 24, mxcsr_mask_offset = 28;

// A linear address is told in two parts: bits 15..0 in a word of their own, and bits 31..16 at bit 12 of the next.
void put_linear(Words& words, unsigned index, uint32_t address)
{
    words[index] = upper | address;
    words[index + 1] = address >> 16 << 12;
}

uint32_t linear_at(const Words& words, unsigned index)
{
    return words[index + 1] >> 12 << 16 | (words[index] & ~upper);
}

Words words_of(const FloatingRegisters& registers, bool linear_addresses)
{
    Words words { upper | registers.control(), upper | registers.status(), upper | registers.tags() };
    auto last = registers.pointers();
    if (linear_addresses) {
        put_linear(words, 3, (uint32_t { last.code_selector } << 4) + last.instruction);
        put_linear(words, 5, (uint32_t { last.operand_selector } << 4) + last.operand);
        words[4] |= last.opcode & opcode_bits;
    } else {
        words[3] = last.instruction;
        words[4] = (last.opcode & opcode_bits) << 16 | last.code_selector;
        words[5] = last.operand;
        words[6] = upper | last.operand_selector;
    }
    return words;
}

FloatingRegisters::Pointers pointers_in(const Words& words, bool linear_addresses)
{
    if (linear_addresses)
        return { static_cast<uint16_t>(words[4] & opcode_bits), linear_at(words, 3), 0, linear_at(words, 5), 0 };
    return { static_cast<uint16_t>(words[4] >> 16 & opcode_bits), words[3], static_cast<uint16_t>(words[4]), words[5],
        static_cast<uint16_t>(words[6]) };
}

}

void store_environment(const FloatingRegisters& registers, EnvironmentFormat format, std::span<std::byte> area)
{
    auto words = words_of(registers, format.linear_addresses);
    std::size_t each = format.wide ? 4 : 2;
    for (std::size_t i = 0; i < words.size(); ++i)
        std::memcpy(area.data() + i * each, &words[i], each);
}

void load_environment(FloatingRegisters& registers, EnvironmentFormat format, std::span<const std::byte> area)
{
    Words words {};
    std::size_t each = format.wide ? 4 : 2;
    for (std::size_t i = 0; i < words.size(); ++i)
        std::memcpy(&words[i], area.data() + i * each, each);
    auto status = static_cast<uint16_t>(words[1]);
    registers.turn_stack(status >> 11 & 7);
    registers.set_control_and_status(static_cast<uint16_t>(words[0]), status);
    registers.set_tags(static_cast<uint16_t>(words[2]));
    registers.set_pointers(pointers_in(words, format.linear_addresses));
}

void store_floating_stack(const FloatingRegisters& registers, EnvironmentFormat format, std::span<std::byte> area)
{
    constexpr std::size_t each = FloatingRegisters::x87_bytes;
    for (unsigned i = 0; i < 8; ++i)
        std::memcpy(area.data() + format.bytes() + i * each, registers.stack_register(i), each);
}

void load_floating_stack(FloatingRegisters& registers, EnvironmentFormat format, std::span<const std::byte> area)
{
    constexpr std::size_t each = FloatingRegisters::x87_bytes;
    for (unsigned i = 0; i < 8; ++i) {
        std::memset(registers.stack_register(i), 0, FloatingRegisters::stride);
        std::memcpy(registers.stack_register(i), area.data() + format.bytes() + i * each, each);
    }
}

void store_image(const FloatingRegisters& registers, std::span<std::byte> area)
{
    std::memcpy(area.data(), registers.image(), FloatingRegisters::used_bytes);
    std::memcpy(area.data() + mxcsr_mask_offset, &FloatingRegisters::mxcsr_mask, sizeof(FloatingRegisters::mxcsr_mask));
}

void load_image(FloatingRegisters& registers, std::span<const std::byte> area)
{
    uint32_t mask = 0;
    std::memcpy(&mask, registers.image() + mxcsr_mask_offset, sizeof(mask));
    std::memcpy(registers.image(), area.data(), FloatingRegisters::used_bytes);
    std::memcpy(registers.image() + mxcsr_mask_offset, &mask, sizeof(mask));
    registers.set_control_and_status(registers.control(), registers.status());
}

uint32_t mxcsr_of_image(std::span<const std::byte> area)
{
    uint32_t mxcsr = 0;
    std::memcpy(&mxcsr, area.data() + mxcsr_offset, sizeof(mxcsr));
    return mxcsr;
}

}
