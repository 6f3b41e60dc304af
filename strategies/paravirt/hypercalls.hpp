// The hypercalls that enter the monitor (core/paravirt_abi.h): checking what the guest gave, doing it, answering.
//
// They work on a CpuState of which, for most, only the control registers matter; needs_registers() says which take or
// change more. None of them runs the guest or waits: what is left to do comes back as HypercallResult::After.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/disk.hpp"
#include "core/machine/engine.hpp"
#include "core/x86/fault.hpp"
#include "strategies/paravirt/address_spaces.hpp"
#include "strategies/paravirt/guest_access.hpp"
#include "strategies/paravirt/substrate.hpp"
#include "strategies/paravirt/trap_table.hpp"

#include <cstdint>

namespace ringside::paravirt {

struct HypercallResult {
    enum class After : uint8_t {
        Answer,   // `answer` goes to EAX, the guest goes on behind the call
        Replaced, // PV_IRET: the guest goes on as the state says
        Halted,   // PV_HALT: as Answer, when an event was taken
        Fault,    // `fault` is the guest's, raised by the hypercall's instruction
    };
    After after = After::Answer;
    int32_t answer = PV_OK;
    Fault fault {};
};

// True for those that look at or change more of the state than its control registers.
bool needs_registers(uint32_t number);

class Hypercalls {
public:
    // The references outlive this.
    Hypercalls(Engine& engine, Substrate& substrate);

    // `argument` is the guest's EAX. The guest is in virtual ring 0.
    HypercallResult perform(uint32_t number, CpuState& state, uint32_t argument);

    const TrapTable& traps() const { return m_traps; }
    const AddressSpaces& address_spaces() const { return m_spaces; }
    uint32_t boundary() const { return m_boundary; }

private:
    struct Call {
        CpuState& state;
        GuestAccess memory;
        uint32_t argument;
    };
    friend struct HypercallTable;

    int32_t version(Call& call);
    int32_t set_trap_table(Call& call);
    int32_t set_boundary(Call& call);
    int32_t create_address_space(Call& call);
    int32_t switch_address_space(Call& call);
    int32_t destroy_address_space(Call& call);
    int32_t update_pages(Call& call);
    int32_t set_timer(Call& call);
    int32_t console_write(Call& call);
    int32_t console_read(Call& call);
    int32_t block(Call& call);
    int32_t port(Call& call);
    int32_t mark(Call& call);
    int32_t exit(Call& call);
    int32_t take_events(Call& call);

    int32_t transfer(const GuestAccess& memory, const pv_block& request, Disk& disk);

    Engine& m_engine;
    Substrate& m_substrate;
    TrapTable m_traps;
    AddressSpaces m_spaces;
    uint32_t m_boundary = PV_MONITOR_BASE;
};

}
