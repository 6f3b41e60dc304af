// Where Unicorn keeps the parts of the CPU state that its register API cannot reach exactly.
//
// uc_context_save() copies the CPU's state into a block of uc_context_size() bytes that the caller owns;
// uc_context_restore() copies it back. Through that block the hidden parts of segment registers, the privilege level,
// the interrupt shadow and the error code of the last exception can be read and set, none of which uc_reg_read() and
// uc_reg_write() offer (uc_reg_write() of SS refuses a change of privilege; of CR2 it changes CR3 as well).
//
// The places are not part of Unicorn's interface. They are therefore not assumed but found: each is located in a scratch
// engine by changing one register and looking for what changed, and the whole is then proven by running code whose
// outcome depends on it (unicorn_proof.hpp). Where that fails, the strategy says that it is not available with this version.
#pragma once

#include "core/result.hpp"

#include <cstddef>

namespace ringside {

// Offsets in bytes from the start of the block. SegmentCache: selector +0 (32 bits), base +8 (64), limit +16 (32),
// flags +20 (32; bits 8..23 of the descriptor's upper half in place). General registers, control registers and debug
// registers are 64 bits apart.
struct UnicornLayout {
    std::size_t size = 0; // of the block
    std::size_t registers = 0;
    std::size_t instruction_pointer = 0;
    std::size_t flags_form = 0;    // 32 bits: what the arithmetic flags are to be computed from, and how
    std::size_t hidden_flags = 0;  // mode flags that translation depends on, then a second word of them
    std::size_t segments = 0;      // six SegmentCaches in encoding order
    std::size_t ldtr = 0;
    std::size_t tr = 0;
    std::size_t gdtr = 0;
    std::size_t idtr = 0;
    std::size_t control = 0;       // CR0..CR4
    std::size_t fpu_top = 0;       // 32 bits
    std::size_t fpu_status = 0;    // 16 bits, without TOP
    std::size_t fpu_control = 0;   // 16 bits
    std::size_t fpu_empty = 0;     // eight bytes, 1 = empty, by physical register
    std::size_t fpu_registers = 0; // eight, 16 bytes apart, by physical register
    std::size_t fpu_pointers = 0;  // opcode (16 bits), +8 instruction, +16 operand
    std::size_t mxcsr = 0;
    std::size_t xmm = 0;           // 64 bytes apart
    std::size_t sysenter = 0;      // CS (32 bits), +8 ESP, +16 EIP
    std::size_t pat = 0;
    std::size_t error_code = 0;    // of the last exception; +4: it came from INT n
    std::size_t last_exception = 0; // what a double fault is judged by; -1 for none

    static constexpr std::size_t segment_stride = 24;
    static constexpr std::size_t xmm_stride = 64;
};

// Measures the layout of the Unicorn that this program runs with. Unavailable if it cannot be trusted.
Result<UnicornLayout> find_unicorn_layout();

}
