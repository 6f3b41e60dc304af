// Writes 32-bit code of one block into a buffer. Addresses are those that the code will have in the window. The notation of
// the names is AT&T's without the sizes; GS is the monitor's segment.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <vector>

namespace ringside::rewriting {

class Emitter {
public:
    explicit Emitter(uint32_t address) : m_address(address), m_bytes(1024) { }

    uint16_t offset() const { return static_cast<uint16_t>(m_size); }
    uint32_t address() const { return m_address + offset(); }
    std::span<const uint8_t> bytes() const { return { m_bytes.data(), m_size }; }

    void u8(unsigned value) { *room(1) = static_cast<uint8_t>(value); }
    void u32(uint32_t value) { std::memcpy(room(sizeof(value)), &value, sizeof(value)); }
    void raw(std::span<const uint8_t> bytes) { std::memcpy(room(bytes.size()), bytes.data(), bytes.size()); }
    void align(uint32_t to)
    {
        while (address() % to != 0)
            u8(0xCC);
    }

    // Register numbers are those of enum Gpr.
    void store(uint32_t at, unsigned reg) { memory(0x89, reg, at); }              // mov %reg, %gs:at
    void load(unsigned reg, uint32_t at) { memory(0x8B, reg, at); }               // mov %gs:at, %reg
    void store_constant(uint32_t at, uint32_t value) { memory(0xC7, 0, at), u32(value); }
    void push(uint32_t at) { memory(0xFF, 6, at); }                               // push %gs:at
    void load_segment(unsigned which, uint32_t at) { memory(0x8E, which, at); }   // mov %gs:at, %which
    void load_indexed(unsigned reg, uint32_t table)                               // mov %gs:table(,%ecx,4), %reg
    {
        u8(0x65), u8(0x8B), u8(0x04 | reg << 3), u8(0x8D), u32(table);
    }
    void load_byte_indexed(uint32_t table) { u8(0x65), u8(0x0F), u8(0xB6), u8(0x89), u32(table); } // movzb %gs:table(%ecx), %ecx
    void load_byte(uint32_t at) { u8(0x65), u8(0x0F), u8(0xB6), u8(0x0D), u32(at); }               // movzb %gs:at, %ecx
    void add_to_ecx(uint32_t constant) { u8(0x8D), u8(0x89), u32(constant); }                      // lea constant(%ecx), %ecx
    // Of the guest's memory at EDX, through the monitor's flat segment.
    void load_at_edx(uint8_t offset) { u8(0x65), u8(0x8B), u8(0x4A), u8(offset); }                 // mov %gs:offset(%edx), %ecx
    void load_word_at_edx(uint8_t offset) { u8(0x65), u8(0x0F), u8(0xB7), u8(0x4A), u8(offset); }  // movzw, the same
    // Of the guest's memory at ECX, through the segment that the prefix says.
    void load_edx_at_ecx(uint8_t prefix, uint8_t offset) { u8(prefix), u8(0x8B), u8(0x51), u8(offset); }
    void load_edx_word_at_ecx(uint8_t prefix, uint8_t offset) { u8(prefix), u8(0x0F), u8(0xB7), u8(0x51), u8(offset); }
    void store_edx_at_ecx(uint8_t prefix, uint8_t offset) { u8(prefix), u8(0x89), u8(0x51), u8(offset); }
    void store_dx_at_ecx(uint8_t prefix, uint8_t offset) { u8(0x66), store_edx_at_ecx(prefix, offset); }
    // Of the guest's stack.
    void load_at_esp(uint8_t offset) { u8(0x8B), u8(0x4C), u8(0x24), u8(offset); }                 // mov offset(%esp), %ecx
    void load_word_at_esp(uint8_t offset) { u8(0x0F), u8(0xB7), u8(0x4C), u8(0x24), u8(offset); }  // movzw, the same
    void load_byte_at_esp(uint8_t offset) { u8(0x0F), u8(0xB6), u8(0x4C), u8(0x24), u8(offset); }  // movzb, the same
    void store_at_esp() { u8(0x89), u8(0x0C), u8(0x24); }                                          // mov %ecx, (%esp)
    void add_to_esp(uint8_t constant) { u8(0x8D), u8(0x64), u8(0x24), u8(constant); }              // lea constant(%esp), %esp
    void ecx_from_segment(unsigned which) { u8(0x8C), u8(0xC1 | which << 3); }                     // mov %which, %ecx
    void load_word(uint32_t at) { u8(0x65), u8(0x0F), u8(0xB7), u8(0x0D), u32(at); }               // movzw %gs:at, %ecx
    void load_word_to_eax(uint32_t at) { u8(0x65), u8(0x0F), u8(0xB7), u8(0x05), u32(at); }        // movzw %gs:at, %eax
    void store_cx(uint32_t at) { u8(0x66), store(at, Ecx); }                                       // mov %cx, %gs:at
    void add_eax_to_ecx() { u8(0x8D), u8(0x0C), u8(0x01); }                                        // lea (%ecx,%eax), %ecx
    void add_ecx_to_edx() { u8(0x8D), u8(0x14), u8(0x0A); }                                        // lea (%edx,%ecx), %edx
    void read_time_stamp() { u8(0x0F), u8(0x31); }                                                 // rdtsc
    void halt() { u8(0xF4); }                                                                      // hlt: #GP, outside ring 0
    void add_edx_to_ecx() { u8(0x8D), u8(0x0C), u8(0x11); }                                        // lea (%ecx,%edx), %ecx
    // The opcode, with ECX as destination; the operand's bytes from ModRM on are another instruction's.
    void operand_to_ecx(std::initializer_list<uint8_t> opcode, std::span<const uint8_t> operand)
    {
        constexpr uint8_t register_field = 7 << 3, ecx = 1 << 3;
        raw(opcode);
        u8((operand[0] & ~register_field) | ecx);
        raw(operand.subspan(1));
    }
    void push_constant(uint32_t value) { u8(0x68), u32(value); }
    void push_flags() { u8(0x9C); }
    void pop_flags() { u8(0x9D); }
    void ecx_low_16() { u8(0x0F), u8(0xB7), u8(0xC9); }                                            // movzw %cx, %ecx
    void ecx_second_byte() { u8(0x0F), u8(0xB6), u8(0xCD); }                                       // movzb %ch, %ecx
    void jump_indexed(uint32_t table) { u8(0x65), u8(0xFF), u8(0x24), u8(0x8D), u32(table); }      // jmp *%gs:table(,%ecx,4)
    void jump_to_monitor(uint16_t selector, uint32_t gate) { u8(0xEA), u32(gate), u8(selector & 0xFF), u8(selector >> 8); }

    // Jumps over what is emitted until land() if ECX is 0. Flags stay.
    struct Skip {
        uint16_t from;
    };
    Skip skip_if_ecx_zero()
    {
        u8(0xE3), u8(0);
        return { offset() };
    }
    void land(Skip skip) { m_bytes[skip.from - 1u] = static_cast<uint8_t>(offset() - skip.from); }

    // A jump if ECX is 0; returns the displacement's offset.
    uint16_t jump_if_ecx_zero()
    {
        u8(0xE3), u8(2), u8(0xEB), u8(5);
        return jump();
    }

    // A jump whose displacement is filled in by set_target(); returns the displacement's offset.
    uint16_t jump()
    {
        u8(0xE9), u32(0);
        return static_cast<uint16_t>(offset() - 4);
    }
    uint16_t jump_if(unsigned condition) // the low four bits of the opcode
    {
        u8(0x0F), u8(0x80 | condition), u32(0);
        return static_cast<uint16_t>(offset() - 4);
    }
    void set_target(uint16_t displacement, uint32_t target)
    {
        uint32_t relative = target - (m_address + displacement + 4u);
        for (unsigned i = 0; i < 4; ++i)
            m_bytes[displacement + i] = static_cast<uint8_t>(relative >> (8 * i));
    }

private:
    void memory(unsigned opcode, unsigned reg, uint32_t at) { u8(0x65), u8(opcode), u8(0x05 | reg << 3), u32(at); }

    // For so many bytes more.
    uint8_t* room(std::size_t count)
    {
        std::size_t at = m_size;
        m_size += count;
        if (m_size > m_bytes.size()) [[unlikely]]
            m_bytes.resize(2 * m_size);
        return m_bytes.data() + at;
    }

    uint32_t m_address;
    std::vector<uint8_t> m_bytes; // of which m_size are written
    std::size_t m_size = 0;
};

}
