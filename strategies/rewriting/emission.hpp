// Emits one block, instruction after instruction, and notes on the way where the guest's registers are (Point) and where the
// monitor is called (Site).
#pragma once

#include "core/x86/decode.hpp"
#include "strategies/rewriting/block.hpp"
#include "strategies/rewriting/emitter.hpp"

#include <cstdint>
#include <span>

namespace ringside::rewriting {

class Emission {
public:
    // The first of the SegmentRecords that are free, and of the CpuidRecords.
    Emission(const MonitorArea& area, Block& block, BlockId id, uint16_t first_record, uint16_t first_answer);

    // The way in from the entry table, which compares the address that was looked for, and then the way in by links.
    void entry();
    // Compares the source in memory with what is translated.
    void check_source();
    void begin_instruction(uint32_t eip);
    void instruction(const Instruction& instruction, const Treated& treated, std::span<const uint8_t> bytes);
    // A direct branch to other code, as the last thing.
    void exit_to(uint32_t eip);
    // What lies behind the block: the stubs.
    void finish();

    uint16_t offset() const { return m_emitter.offset(); }
    std::span<const uint8_t> bytes() const { return m_emitter.bytes(); }

private:
    // emission.cpp
    void point(Recovery recovery, uint32_t eip);
    void call_monitor(std::size_t site);
    std::size_t add_site(Site::Kind kind, Recovery recovery, uint32_t eip);
    void callout(Site::Kind kind);
    void trap();
    void identical(const Instruction& instruction, std::span<const uint8_t> bytes);
    void with_guest_gs(std::span<const uint8_t> bytes);
    void put_down_ecx_edx();
    void take_back_ecx_edx();

    // emission_branches.cpp
    void branch(const Instruction& instruction, std::span<const uint8_t> bytes);
    void conditional(const Instruction& instruction, std::span<const uint8_t> bytes);
    void loop(std::span<const uint8_t> bytes, uint32_t target);
    void call(uint32_t target);
    void indirect(const Instruction& instruction, std::span<const uint8_t> bytes, bool is_call);
    void near_return(const Instruction& instruction);
    void go_to_entry();
    void jump_through_entry(CodeRing ring);
    void link(uint16_t displacement, uint32_t target);

    // emission_state.cpp
    bool in_place(const Instruction& instruction, std::span<const uint8_t> bytes);
    void open_interrupts();
    void push_flags();
    void correct_pushed_flags();
    void pop_flags();
    void read_control_register(unsigned number, unsigned reg);
    void read_segment(const Instruction& instruction);

    // emission_segments.cpp
    bool load_segment(const Instruction& instruction, std::span<const uint8_t> bytes);
    void compare_selector(uint32_t minus_selector, std::size_t site);
    void compare_descriptor(uint32_t record, std::size_t site);
    void leave_unless_valid(std::size_t site);
    void leave_unless_zero(std::size_t site);
    void leave_if_zero(std::size_t site);

    // emission_rings.cpp
    void interrupt(uint8_t vector);
    void push_interrupt_frame();
    void interrupt_return();
    void check_return_flags(std::size_t site);
    void check_return_segments(std::size_t site);
    void show_ring(CodeRing ring);

    // emission_system.cpp
    void point_at_operand(const Instruction& instruction, std::span<const uint8_t> bytes);
    bool load_table(const Instruction& instruction, std::span<const uint8_t> bytes, unsigned table);
    bool store_table(const Instruction& instruction, std::span<const uint8_t> bytes, unsigned table);
    std::size_t begin_task_switched();
    void end_task_switched();
    void write_cr0(unsigned reg);
    void copy_to_ecx(unsigned reg);
    void clear_task_switched();
    bool identify();
    void read_time_stamp();

    uint32_t slot(std::size_t offset) const { return m_area.slot(offset); }
    uint32_t state(std::size_t offset) const { return m_area.state(offset); }

    struct Stub {
        std::size_t site;
        uint16_t displacement; // of the branch that leads here
        Recovery recovery;
        uint32_t eip;
    };

    const MonitorArea& m_area;
    Block& m_block;
    BlockId m_id;
    Emitter m_emitter;
    std::vector<Stub> m_stubs;
    uint32_t m_eip = 0;      // of the instruction at hand
    uint32_t m_next = 0;     // of the one behind it
    uint16_t m_next_record;
    uint16_t m_next_answer;
    uint8_t m_name = 0;          // of the instruction at hand, for counters
    bool m_in_software = false;  // a fault from here on is none of the guest's
    bool m_in_shadow = false;    // the instruction at hand is behind an STI
    bool m_shadow_next = false;  // the next one will be
};

}
