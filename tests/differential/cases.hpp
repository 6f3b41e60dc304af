// Generated instructions: a form with prefixes and operands, registers and flags, and the memory that it will look at.
// Everything follows from the seed.
//
// Memory operands, strings and the stack lie in a data window at the bottom of memory, whatever the addressing mode, so
// that both sides have something to read and every write is seen.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "tests/differential/forms.hpp"

#include <cstdint>
#include <random>
#include <vector>

namespace ringside::test {

// Linear addresses.
inline constexpr uint32_t data_window_end = 0x1C000;

struct Patch {
    uint32_t address = 0; // linear
    uint32_t value = 0;
    unsigned bytes = 4;
};

struct Case {
    const Form* form = nullptr;
    std::vector<uint8_t> bytes;
    CpuState state;
    std::vector<Patch> patches;      // in order
    std::vector<uint32_t> targets;   // EIPs that a near branch may lead to

    uint32_t linear() const { return state.segment(Cs).base + state.eip; }
    uint32_t next_eip() const { return state.eip + static_cast<uint32_t>(bytes.size()); }
};

// Where and how the instructions run.
struct Setting {
    std::string name;
    CpuState state {};                  // registers, flags and EIP are the case's
    std::vector<uint16_t> selectors {}; // that far pointers and segment loads use; the rest of them are random
    uint16_t task_selector = 0xFFF8;    // of a TSS: far transfers avoid it
    uint32_t fixed_flags = 0;           // IF and IOPL
    bool near_code_base = false;        // CS has a base so that EIP is small, as 16-bit code needs it
    bool host_program = false;          // a program of this host: FS and GS are taken, and the ID flag cannot be set
};

class CaseMaker {
public:
    CaseMaker(uint64_t seed, const Setting& setting) : m_random(seed), m_setting(setting) { }

    // `linear`: where the instruction will be.
    Case make(const Form& form, uint32_t linear);

private:
    uint32_t random() { return static_cast<uint32_t>(m_random()); }
    uint32_t below(uint32_t limit) { return random() % limit; }
    bool one_in(uint32_t n) { return below(n) == 0; }
    uint32_t interesting();
    uint32_t data_offset();
    uint32_t code_offset();
    void branches_to(uint32_t eip);
    uint32_t random_selector();
    uint32_t far_selector();

    void fill_registers();
    void choose_prefixes();
    void prepare_special_registers();
    void emit(uint32_t value, unsigned bytes);
    void emit_modrm();
    void emit_memory_32(unsigned mod, unsigned reg);
    void emit_memory_16(unsigned mod, unsigned reg);
    void emit_immediate();
    void prepare_register_operand(unsigned number);
    void prepare_memory_operand(SegmentRegister segment, uint32_t offset);
    void prepare_stack();
    void patch(SegmentRegister segment, uint32_t offset, uint32_t value, unsigned bytes);
    void patch_stack(uint32_t depth, uint32_t value, unsigned bytes);

    unsigned operand_bytes() const { return m_operand_32 ? 4 : 2; }
    bool is_byte_form() const { return m_case.form->opcode.back() % 2 == 0; }

    std::mt19937_64 m_random;
    const Setting& m_setting;
    Case m_case;
    bool m_operand_32 = true;
    bool m_address_32 = true;
    bool m_locked = false;
    int m_override = -1; // segment
};

}
