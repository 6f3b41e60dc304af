// The task-state segment (SDM 3A §7.2.1, figure 7-2; 16-bit: §7.6, figure 7-10).
#pragma once

#include "core/machine/cpu_state.hpp"

#include <array>
#include <cstdint>

namespace ringside {

struct Tss32 {
    struct Stack {
        uint32_t esp;
        uint32_t ss;
    };
    uint32_t link;
    std::array<Stack, 3> stacks; // for rings 0, 1 and 2
    uint32_t cr3;
    uint32_t eip; // from here to `segments`: what a switch saves
    uint32_t eflags;
    std::array<uint32_t, 8> gpr;
    std::array<uint32_t, 6> segments; // ES CS SS DS FS GS
    uint32_t ldt;
    uint16_t trap; // bit 0: T
    uint16_t io_map_base;
};
static_assert(sizeof(Tss32) == 104);

struct Tss16 {
    struct Stack {
        uint16_t sp;
        uint16_t ss;
    };
    uint16_t link;
    std::array<Stack, 3> stacks;
    uint16_t ip; // from here to `segments`: what a switch saves
    uint16_t flags;
    std::array<uint16_t, 8> gpr;
    std::array<uint16_t, 4> segments; // ES CS SS DS
    uint16_t ldt;
};
static_assert(sizeof(Tss16) == 44);

// True for the 32-bit format: types 9 and 11 (SDM 3A table 3-2).
inline bool is_32_bit_tss(const Segment& tr)
{
    return tr.type() & 8;
}

}
