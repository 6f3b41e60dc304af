// What became of an instruction, and how two such outcomes differ.
#pragma once

#include "core/x86/decode.hpp"
#include "core/x86/fault.hpp"
#include "tests/differential/cases.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace ringside::test {

struct Observed {
    enum class What : uint8_t { Ran, Faulted, Halted, SoftwareInterrupt, NotKnown };
    What what = What::Ran;
    Fault fault {};
    CpuState state {};
};

// What one side of a comparison cannot tell, or is known to do in its own way.
struct Tolerance {
    uint32_t flags = 0;         // bits of EFLAGS that may differ
    bool error_code = false;    // the side does not report it
    bool segments = false;      // nor hidden parts of segment registers
    bool interrupt_shadow = false;
    bool results = false;       // undefined results: registers and memory may differ
};

// Empty if the two agree; else one line a difference: "eax: 00000001, 00000002".
std::string differences(const Observed& ours, const Observed& theirs, const Tolerance& tolerance);

// The first byte that differs, as a line; empty if none does.
std::string memory_difference(std::span<const std::byte> ours, std::span<const std::byte> theirs);

// The instruction, the state before it and both outcomes, for the message.
std::string describe(const Case& tested, const Observed& ours, const Observed& theirs);

}
