// Unmasked SSE exceptions of an instruction that was executed with all of them masked (SDM 1 §11.5).
#pragma once

#include "core/x86/decode.hpp"

#include <cstdint>

namespace ringside {

// What to execute an instruction with for a guest whose MXCSR is `guest`: everything masked, no flag set. Results are the
// same as long as nothing is raised.
uint32_t masked_mxcsr(uint32_t guest);

struct SseExceptions {
    enum class Outcome : uint8_t {
        None,   // the instruction is done
        Raised, // it raises an exception instead
        Unknown,
    };
    Outcome outcome = Outcome::None;
    uint32_t flags = 0; // which are set in the guest's MXCSR; not for Unknown
};
// `after`: MXCSR when the instruction had been executed.
SseExceptions sse_exceptions(const Instruction& instruction, uint32_t guest, uint32_t after);

}
