// The instruction forms that the differential tests generate: what follows the prefixes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace ringside::test {

enum class Immediate : uint8_t {
    None,
    Byte,
    Word,
    Operand,        // 16 or 32 bits, by operand size
    WordThenByte,   // ENTER
    RelativeByte,   // branches: small, so that they stay among the code
    RelativeOperand,
    Offset,         // of a memory operand without ModRM, by address size
    FarPointer,     // offset by operand size, then a selector
};

namespace trait {
inline constexpr uint32_t memory = 1 << 0;    // takes a memory operand in ModRM ...
inline constexpr uint32_t registers = 1 << 1; // ... or a register
inline constexpr uint32_t lockable = 1 << 2;  // LOCK is legal when ModRM names memory
inline constexpr uint32_t string = 1 << 3;    // ESI and EDI point somewhere, REP and REPNE are legal
inline constexpr uint32_t bit_offset = 1 << 4; // a register holds a bit offset into memory
inline constexpr uint32_t divides = 1 << 5;
inline constexpr uint32_t table_lookup = 1 << 6; // XLAT
inline constexpr uint32_t branch = 1 << 7;       // near, to an address in a register, in memory or on the stack
inline constexpr uint32_t flags_image = 1 << 8;  // POPF: the stack holds flags
inline constexpr uint32_t selector = 1 << 9;     // an operand, or the stack, holds a selector
inline constexpr uint32_t far_operand = 1 << 10; // memory holds an offset and a selector
inline constexpr uint32_t far_return = 1 << 11;  // the stack holds a return address, IRET: with flags
inline constexpr uint32_t privileged = 1 << 12;  // reads or changes the state of the system
inline constexpr uint32_t control_load = 1 << 13; // the source must be a sensible CR0
inline constexpr uint32_t either = memory | registers;
}

struct Form {
    static constexpr int no_modrm = -1, any_register = 8; // else the /digit

    std::string name;
    std::vector<uint8_t> opcode;
    int digit = no_modrm;
    Immediate immediate = Immediate::None;
    uint32_t traits = 0;

    bool has(uint32_t wanted) const { return traits & wanted; }
    bool has_modrm() const { return digit != no_modrm; }
};

// Integer instructions that mean the same in every ring.
const std::vector<Form>& ordinary_forms();
// Those of them that go on with the next instruction.
const std::vector<Form>& forms_without_branches();
// Those that load, store or ask about segments, and those that only ring 0 may use.
const std::vector<Form>& system_forms();

}
