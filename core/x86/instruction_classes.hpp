// What kind of instruction is it, for a monitor? (Popek & Goldberg 1974: privileged, sensitive.) One table answers for
// every strategy, for the audit of a kernel, and for the documentation.
#pragma once

#include "core/x86/decode.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace ringside {

enum class InstructionClass : uint8_t {
    Ordinary,     // the same in every ring
    Privileged,   // faults outside ring 0
    IoPrivileged, // faults outside the rings that IOPL allows
    Sensitive,    // reads or changes privileged state in any ring, and does not fault
};

// Which uses of a mnemonic a line of the table means.
enum class InstructionForm : uint8_t {
    Any,
    ControlRegister, // an operand is CR0 to CR4
    DebugRegister,   // an operand is DR0 to DR7
    SegmentRegister, // an operand is ES to GS
    Far,             // the branch loads CS
};

enum class SensitiveList : uint8_t { Unlisted, RobinIrvine };

struct InstructionLine {
    ZydisMnemonic mnemonic;
    InstructionForm form;
    InstructionClass kind;
    SensitiveList list;
    std::string_view name;
    std::string_view effect; // what it does outside ring 0
    std::string_view source;
};

// The table, in the order of instruction_classes.inc.
std::span<const InstructionLine> instruction_lines();

// The instruction's line, or null if it is ordinary. Takes a few nanoseconds.
const InstructionLine* find_instruction_line(const Instruction& instruction);

inline InstructionClass instruction_class(const Instruction& instruction)
{
    const auto* line = find_instruction_line(instruction);
    return line ? line->kind : InstructionClass::Ordinary;
}

}
