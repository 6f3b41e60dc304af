// What the pieces of a generated program are written with: random numbers, bytes and the boundaries of instructions, and
// branches to what comes later.
#pragma once

#include "tests/differential/program.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <vector>

namespace ringside::test {

class ProgramWriter {
protected:
    using Code = std::initializer_list<unsigned>;

    explicit ProgramWriter(uint64_t seed) : m_random(seed * 0x9E3779B97F4A7C15 + 1) { }

    uint32_t random() { return static_cast<uint32_t>(m_random() >> 16); }
    uint32_t below(uint32_t limit) { return random() % limit; }
    bool one_in(uint32_t n) { return below(n) == 0; }
    uint32_t interesting(); // among them the values around which flags change

    // Addresses at which every program has memory.
    static constexpr uint32_t stack_low = 0x9000, stack_bytes = 0x800;
    uint32_t stack() { return stack_low + 4 * below(stack_bytes / 4); }
    uint32_t data() { return 0x3000 + 4 * below(0x300); }

    bool ring_0() const { return m_program.ring == 0; }
    std::size_t size() const { return m_program.bytes.size(); }
    uint32_t here() const { return address_of(size()); }
    void boundary() { m_program.boundaries.push_back(static_cast<uint16_t>(size())); }
    void put(Code bytes);
    void put_32(uint32_t value) { put({ value & 0xFF, value >> 8 & 0xFF, value >> 16 & 0xFF, value >> 24 }); }
    void set_32(std::size_t at, uint32_t value);
    // Makes the 32 bits at `at` lead here.
    void lead_here(std::size_t at, bool relative) { set_32(at, relative ? here() - (address_of(at) + 4) : here()); }

    // An instruction. Of its bytes and its value only one may draw random numbers: which would be first is the compiler's.
    void one(Code bytes) { boundary(), put(bytes); }
    void one(Code bytes, uint32_t value) { one(bytes), put_32(value); }
    void load(unsigned reg, uint32_t value) { one({ 0xB8 | reg }, value); }
    // A short branch back, with an opcode before the distance.
    void branch_back(unsigned opcode, uint32_t target);

    // 32 bits that will lead to the start of one of the next pieces.
    void later(bool relative);
    void end_piece();
    bool leads_on() const { return !m_pending.empty(); } // past the end of what is written

    Program m_program;

private:
    static uint32_t address_of(std::size_t offset) { return program_layout::code + static_cast<uint32_t>(offset); }

    struct Pending {
        std::size_t at; // of the 32 bits
        bool relative;
        unsigned pieces; // to the one that is meant
    };

    std::mt19937_64 m_random;
    std::vector<Pending> m_pending;
};

}
