// The virtual rings of a paravirtual guest: which segments make a virtual ring (core/paravirt_abi.h, "Rings").
//
// In a CpuState the segments have the privilege that the guest believes in, so that everything in core/x86 that asks for
// the CPL gets the virtual ring.
#pragma once

#include "core/machine/cpu_state.hpp"

#include <cstdint>

namespace ringside::paravirt {

Segment kernel_code();
Segment kernel_data();
// Up to `boundary`, exclusive.
Segment user_code(uint32_t boundary);
Segment user_data(uint32_t boundary);

// A register that holds no segment.
Segment null_segment();

// True for a selector that names the kernel's code as CS or in a frame.
bool is_kernel_code(uint16_t selector);
// True for a selector that gives access to what is above the boundary.
bool is_kernel_segment(uint16_t selector);

// CS and SS for virtual ring 0.
void enter_kernel(CpuState& state);
// CS and SS for virtual ring 3; whatever gives access to the kernel is taken out of DS, ES, FS and GS, as a processor
// does (SDM 2A "IRET").
void enter_program(CpuState& state, uint32_t boundary);

// The state in which a Multiboot loader enters a ported kernel.
CpuState entry_state(CpuState multiboot);

}
