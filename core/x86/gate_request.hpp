// What the stages of delivery hand to each other; internal to core/x86.
#pragma once

#include "core/x86/event.hpp"

#include <cstdint>

namespace ringside {

// An event on its way through the IDT.
struct GateRequest {
    const Event& event;
    uint32_t eflags = 0;   // the image to push or save: RF is decided
    uint32_t external = 0; // EXT for error codes: selector_error::external or 0
};

// INT n, INT3 and INTO: what the program asks for, as opposed to what happens to it (SDM 3A §6.12.1.1, §6.13).
inline bool is_requested(EventType type)
{
    return type == EventType::SoftwareInterrupt || type == EventType::SoftwareException;
}

}
