// The reasons that the processor itself gives for an exit from non-root mode: those of VT-x (SDM 3D appendix C) and of
// AMD-V (AMD64 volume 2, appendix C), as one number for the field "hardware_exit" of an event:
//
//    31      30      29..0
//   entry    AMD-V   the basic exit reason, or EXITCODE
//   failed
#pragma once

#include "core/trace/event.hpp"

#include <cstdint>
#include <string>

namespace ringside {

enum class HardwareIsa : uint8_t { VtX, AmdV };

uint32_t hardware_exit_code(HardwareIsa isa, uint32_t reason);

// "AMD-V 0x72 cpuid", "VT-x 10 cpuid", "AMD-V 0x3f".
std::string hardware_exit_name(uint32_t code);

// What an exit is called that the host's kernel has settled itself.
EventKind kind_of_hardware_exit(uint32_t code);

}
