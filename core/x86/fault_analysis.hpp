// Working out what a strategy is not told. Unicorn reports the vector of an exception, not its error code; the native
// strategies see the host's fault, not the guest's. The instruction at CS:EIP and the guest's tables tell the rest.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/event.hpp"

#include <cstdint>

namespace ringside {

struct FaultAnalysis {
    bool has_error_code = false; // as SDM 3A table 6-1 says for the vector
    uint32_t error_code = 0;
    uint8_t instruction_length = 0; // 0 if it cannot be fetched or decoded
};

// The architectural error code of exception `vector`, raised by the instruction at CS:EIP before it changed anything
// (a repeated string instruction: between two iterations). `fault_address` is CR2 for #PF and ignored otherwise.
// Changes nothing but accessed flags of page tables, which the instruction's own attempt has set already.
//
// A stale translation can raise a #PF that the page tables no longer justify. It is then reported as a
// protection violation of the access that reaches the address: only present pages are ever cached (SDM 3A §4.10.2.3).
FaultAnalysis analyze_fault(GuestMemory& memory, const CpuState& state, uint8_t vector, uint32_t fault_address);

// The whole event from a bare vector, for strategies that are told no more: INT n, INT3, INTO and INT1 are recognized
// by the instruction at CS:EIP (and return behind it), all else is a hardware exception that returns to state.eip. #DB
// comes without debug status: the strategy knows it.
Event reconstruct_event(GuestMemory& memory, const CpuState& state, uint8_t vector, uint32_t fault_address);

}
