// The trap table: which code of the guest's kernel handles which vector (PV_SET_TRAP_TABLE), and entering it.
//
// It takes the place of the IDT, and `kernel_stack` of the shared-info page that of the TSS. EFLAGS.IF of a CpuState is
// the virtual interrupt flag.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/paravirt_abi.h"
#include "core/x86/event.hpp"
#include "core/x86/fault.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace ringside::paravirt {

class TrapTable {
public:
    // Replaces the table by these entries, checked; PV_OK or PV_ERROR_INVALID. After an error the old table is in force.
    int32_t set(std::span<const pv_trap_entry> entries);

    bool handles(uint8_t vector) const { return m_handlers[vector].present; }
    // What INT n raises in virtual ring 3 instead, if the vector is not open to it (SDM 3A §6.12.1.1).
    MaybeFault check_software_interrupt(const CpuState& state, uint8_t vector) const;

    // Changes `state` and guest memory so that the handler's first instruction is next. What cannot be delivered becomes
    // a double fault; an event from outside that has no handler is lost, with nothing changed (PV_SET_TRAP_TABLE).
    // After TripleFault `state` is as before. `kernel_stack` is the guest's word, as good as any.
    Delivery deliver(CpuState& state, GuestMemory& memory, uint32_t kernel_stack, const Event& event) const;

private:
    struct Handler {
        uint32_t entry = 0;
        bool present = false;
        bool open = false; // to INT n of virtual ring 3
        bool keeps_interrupts = false;
    };

    MaybeFault enter(CpuState& state, GuestMemory& memory, uint32_t kernel_stack, const Event& event) const;

    std::array<Handler, PV_MOST_TRAPS> m_handlers {};
};

}
