// One instruction on its way: what the functions of this folder work with. Internal to the instruction emulator.
//
// The rule that makes instructions restartable: everything that can fault comes first, then the changes. A Place is a
// register or a piece of memory that has passed all checks, so that loading and storing it cannot fault any more. A
// function that returns a fault has changed nothing of the state.
#pragma once

#include "core/machine/engine.hpp"
#include "core/x86/arithmetic.hpp"
#include "core/x86/fault.hpp"
#include "core/x86/instruction_emulator.hpp"
#include "core/x86/linear_memory.hpp"
#include "core/x86/operands.hpp"
#include "core/x86/segments.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace ringside {

// Where a value is.
struct Place {
    std::byte* host = nullptr; // the bytes, of a register or of RAM within one page
    unsigned bytes = 0;        // 1, 2, 4 or 8; of other kinds of registers also 10 or 16
    LinearMemory::Extent extent {}; // else: a device, or memory across two pages
};

class Execution {
public:
    Execution(Engine& e, CpuState& s, const Instruction& i, Emulated& r)
        : engine(e), state(s), instruction(i), result(r), next_eip(s.eip + i.length())
    {
    }

    Engine& engine;
    CpuState& state;
    const Instruction& instruction;
    Emulated& result;

    // What becomes of the state when the instruction is done.
    uint32_t next_eip;
    bool begins_shadow = false; // STI, MOV and POP to SS
    bool keeps_rf = false;      // IRET and task switches load it

    const ZydisDecodedOperand& operand(unsigned index) const { return instruction.operands[index]; }
    unsigned operand_bytes() const { return instruction.info.operand_width / 8u; }
    uint32_t immediate(unsigned index) const { return static_cast<uint32_t>(operand(index).imm.value.u); }
    LinearMemory linear() const { return { engine.memory(), state }; }

    // An operand's place. Access::Write is for what is written, or read and written: a processor asks for the page with
    // the intent to write.
    [[nodiscard]] MaybeFault find_place(unsigned index, Access access, Place& place);
    // `bytes` at an offset in a segment.
    [[nodiscard]] MaybeFault find_memory(
        SegmentRegister segment, uint32_t offset, unsigned bytes, Access access, Place& place);
    uint32_t load(const Place& place) { return static_cast<uint32_t>(load_wide(place)); }
    uint64_t load_wide(const Place& place);
    void store(const Place& place, uint64_t value);
    // The same for values of any size.
    void load_bytes(const Place& place, std::span<std::byte> target);
    void store_bytes(const Place& place, std::span<const std::byte> source);

    // A register, segment register, immediate or memory operand, zero-extended (an immediate: cut to the size of the
    // first operand by whoever uses it).
    [[nodiscard]] MaybeFault read(unsigned index, uint32_t& value);
    [[nodiscard]] MaybeFault write(unsigned index, uint32_t value);
    [[nodiscard]] MaybeFault read_memory(SegmentRegister segment, uint32_t offset, unsigned bytes, uint32_t& value);

    // The stack. `depth` is in bytes from its top; nothing moves ESP but push() and set_stack_pointer().
    [[nodiscard]] MaybeFault push(uint32_t value, unsigned bytes);
    [[nodiscard]] MaybeFault peek(uint32_t depth, unsigned bytes, uint32_t& value);
    void set_stack_pointer(uint32_t esp); // SP only, in a 16-bit stack
    void release_stack(uint32_t bytes) { set_stack_pointer(state.gpr[Esp] + bytes); }

    // #GP(0) unless EIP may become `target`.
    [[nodiscard]] MaybeFault check_branch_target(uint32_t target) const;
    [[nodiscard]] MaybeFault require_ring_0() const;
    // #GP(0) unless IOPL lets the program change IF (SDM 1 §19.5.1).
    [[nodiscard]] MaybeFault require_io_privilege() const;
    // #UD in real-address and virtual-8086 mode.
    [[nodiscard]] MaybeFault require_protected_mode() const;

    // A fault with error code 0 where there are error codes: not in real-address mode (SDM 3B §20.1.4).
    Fault fault(Vector vector) const
    {
        return state.protected_mode() ? fault_with_code(vector, 0) : fault_without_code(vector);
    }

    void set_status_flags(uint32_t flags, uint32_t mask = arithmetic::status_flags)
    {
        state.eflags = (state.eflags & ~mask) | (flags & mask);
    }
    void exits_as(EventKind kind, uint64_t a = 0, uint32_t b = 0, uint32_t c = 0)
    {
        result.kind = kind;
        result.a = a;
        result.b = b;
        result.c = c;
    }
    void affects(uint32_t effects) { result.effects |= effects; }

private:
    bool is_misaligned(Gla address, unsigned bytes) const;
    void load_run(Gpa address, std::span<std::byte> target);
    void store_run(Gpa address, std::span<const std::byte> source);
};

}
