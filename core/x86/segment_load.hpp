// Loading segment registers with the checks of MOV, POP, LDS.. (data and stack), of far transfers without a gate
// (code), and of LLDT and LTR.
//
// The check_ functions say what a load would raise and find the descriptor, without side effects but the accessed flags
// of page tables. The load_ functions check, set the descriptor's accessed (or busy) bit and change the register; if
// they return a fault they have changed nothing. In real-address and virtual-8086 mode the selector becomes the base.
//
// The caller checks the privilege of the instruction itself (LLDT and LTR need CPL 0).
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/x86/descriptors.hpp"
#include "core/x86/fault.hpp"

namespace ringside {

// DS, ES, FS, GS in protected mode, any selector but a null one (SDM 2B "MOV", SDM 3A §5.6).
[[nodiscard]] MaybeFault check_data_segment(
    GuestMemory& memory, const CpuState& state, Selector selector, FoundDescriptor& found);

// SS for a program that runs, or will run, at `cpl` (SDM 2B "MOV", SDM 2A "IRET", SDM 3A §5.7).
[[nodiscard]] MaybeFault check_stack_segment(
    GuestMemory& memory, const CpuState& state, Selector selector, unsigned cpl, FoundDescriptor& found);

// How control reaches a code segment; the rules for DPL, RPL and CPL differ (SDM 3A §5.8).
enum class CodeTransfer : uint8_t {
    Direct, // far JMP and CALL without a gate
    Return, // far RET and IRET, to the same or an outer ring
};

// CS of a far transfer to a code segment.
[[nodiscard]] MaybeFault check_code_segment(
    GuestMemory& memory, const CpuState& state, Selector selector, CodeTransfer transfer, FoundDescriptor& found);

// SDM 2A "LLDT", "LTR". For a null selector in LLDT, which is allowed, do not ask.
[[nodiscard]] MaybeFault check_ldt(
    GuestMemory& memory, const CpuState& state, Selector selector, FoundDescriptor& found);
[[nodiscard]] MaybeFault check_tss(
    GuestMemory& memory, const CpuState& state, Selector selector, FoundDescriptor& found);

// MOV, POP and LDS, LES, LFS, LGS, LSS into any register but CS, in any mode. The interrupt shadow of a load of SS is
// the caller's.
[[nodiscard]] MaybeFault load_segment(CpuState& state, GuestMemory& memory, SegmentRegister which, Selector selector);

[[nodiscard]] MaybeFault load_ldtr(CpuState& state, GuestMemory& memory, Selector selector);
[[nodiscard]] MaybeFault load_tr(CpuState& state, GuestMemory& memory, Selector selector);

}
