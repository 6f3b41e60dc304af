// Writes one program, piece by piece. A branch out of a piece leads to the start of a later one.
#pragma once

#include "tests/differential/cases.hpp"
#include "tests/differential/program_writer.hpp"

#include <cstdint>

namespace ringside::test {

class ProgramMaker final : ProgramWriter {
public:
    ProgramMaker(uint64_t seed, OwnCode own_code);

    Program make(); // once

private:
    void begin();
    void piece();

    // program_computation.cpp
    void instruction(bool with_registers);
    void registers(const CpuState& state);
    void define_flags();
    void look_at_flags();
    void filler();
    void floating_point();

    // program_control_flow.cpp
    void branch();
    void jump_through_memory();
    void jump_on_count();
    void jump_far();
    void interrupt_return();
    void call();
    std::size_t call_of_kind(unsigned kind, unsigned reg);
    void function(unsigned released); // bytes of arguments
    void loop();
    void part_of_loop();
    void change_code();
    void change_code_of_loop();

    // program_system.cpp
    void fault();
    void use_absent_stack();
    void system();
    void change_flags();
    uint32_t flags_image();
    uint32_t selector();
    void store_segment();
    void store_table();
    void push_segment(unsigned reg);
    void push_and_pop_segment();
    void use_flat_segment();
    void use_segment_with_base();
    void use_null_segment(unsigned reg);
    void flat_again();
    void set_task_switched();

    const OwnCode m_own_code;
    Setting m_setting;
    CaseMaker m_cases;
    uint32_t m_hole = 0; // 16 bytes that are not executed
};

}
