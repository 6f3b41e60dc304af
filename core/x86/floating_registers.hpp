// The registers of x87, MMX and SSE in the form in which FXSAVE stores them (SDM 1 table 10-2):
//
//     0 control word   2 status word   4 tags, abridged   6 opcode   8 last instruction: offset, 12 its selector
//    16 last operand: offset, 20 its selector   24 MXCSR   28 mask of MXCSR
//    32 ST0 to ST7, 16 bytes each   160 XMM0 to XMM7
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ringside {

// The exceptions, as bits of x87's and SSE's flags and masks (SDM 1 §8.1.3, §10.2.3).
namespace floating_exception {
inline constexpr uint32_t invalid = 1 << 0, denormal = 1 << 1, zero_divide = 1 << 2, overflow = 1 << 3, underflow = 1 << 4,
                          precision = 1 << 5, all = 0x3F;
}

// A view of an image; as many may be made as anybody likes.
class FloatingRegisters {
public:
    static constexpr std::size_t image_bytes = 512;
    static constexpr std::size_t used_bytes = 288; // in 32-bit mode: XMM8 to XMM15 are not there
    static constexpr std::size_t first_x87 = 32, first_xmm = 160, stride = 16, x87_bytes = 10;
    static constexpr uint32_t mxcsr_mask = 0xFFFF; // the bits that are not reserved

    explicit FloatingRegisters(std::byte* image) : m_image(image) { }
    std::byte* image() const { return m_image; }

    uint16_t control() const { return get<uint16_t>(0); }
    uint16_t status() const { return get<uint16_t>(2); }
    // Both keep to what the processor would have made of the value: bits that are fixed, and ES and B (SDM 1 §8.1.3).
    void set_control_and_status(uint16_t control, uint16_t status);
    unsigned top() const { return status() >> 11 & 7; }

    // Two bits for each physical register (SDM 1 §8.1.7).
    uint16_t tags() const;
    void set_tags(uint16_t tags);

    // As `top` changes, the physical registers stay where they are: these are bytes 32 to 159 for the new one.
    void turn_stack(unsigned new_top);
    std::byte* stack_register(unsigned index) const { return m_image + first_x87 + stride * index; }

    uint32_t mxcsr() const { return get<uint32_t>(24); }
    void set_mxcsr(uint32_t value) const { set(24, value); }

    // An unmasked x87 exception waits for the next instruction.
    bool exception_pending() const { return status() & ~control() & floating_exception::all; }

    // What FNSTENV shows of the last instruction that was not a control instruction.
    struct Pointers {
        uint16_t opcode = 0; // 11 bits
        uint32_t instruction = 0;
        uint16_t code_selector = 0;
        uint32_t operand = 0;
        uint16_t operand_selector = 0;
        bool operator==(const Pointers&) const = default;
    };
    Pointers pointers() const;
    void set_pointers(const Pointers& pointers);

    // FNINIT (SDM 2A "FINIT").
    void initialize();

private:
    template<typename T>
    T get(std::size_t offset) const
    {
        T value;
        std::memcpy(&value, m_image + offset, sizeof(value));
        return value;
    }
    template<typename T>
    void set(std::size_t offset, T value) const
    {
        std::memcpy(m_image + offset, &value, sizeof(value));
    }
    unsigned tag_of(const std::byte* value) const;

    std::byte* m_image;
};

}
