// Loading segment registers with the checks of MOV, POP, LDS.. (data and stack), of far transfers without a gate (code),
// and of LLDT and LTR. Each either changes the register and returns nothing, or returns the fault and changes
// nothing. In real-address and virtual-8086 mode the selector becomes the base.
//
// The caller checks the privilege of the instruction itself (LLDT and LTR need CPL 0).
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/descriptors.hpp"
#include "core/x86/fault.hpp"

namespace ringside {

// MOV, POP and LDS, LES, LFS, LGS, LSS into any register but CS (SDM 2B "MOV", SDM 3A §5.6, §5.7).
[[nodiscard]] MaybeFault load_segment(CpuState& state, GuestMemory& memory, SegmentRegister which, Selector selector);

// How control reaches a code segment; the rules for DPL, RPL and CPL differ (SDM 3A §5.8).
enum class CodeTransfer : uint8_t {
    Direct, // far JMP and CALL without a gate
    Return, // far RET and IRET, to the same or an outer ring
};

// The checks and the new CS of a far transfer; its selector's RPL is the new CPL. Sets the accessed bit. Does not
// change `state`: the caller has more to check (the stack, the new EIP against the limit) before it commits.
[[nodiscard]] MaybeFault check_code_segment(GuestMemory& memory, const CpuState& state, Selector selector,
                                            CodeTransfer transfer, Segment& loaded);

// SDM 2A "LLDT", SDM 2A "LTR".
[[nodiscard]] MaybeFault load_ldtr(CpuState& state, GuestMemory& memory, Selector selector);
[[nodiscard]] MaybeFault load_tr(CpuState& state, GuestMemory& memory, Selector selector);

}
