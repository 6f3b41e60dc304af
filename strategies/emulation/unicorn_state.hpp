// CpuState into Unicorn and out of it, exact.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "strategies/emulation/unicorn_engine.hpp"
#include "strategies/emulation/unicorn_layout.hpp"

#include <cstdint>

namespace ringside {

// How much of the state: the floating-point and SSE registers are left alone where nothing can have touched them.
enum class StatePart : uint8_t { Integer, All };

class UnicornState {
public:
    UnicornState(UnicornEngine& engine, const UnicornLayout& layout);

    // Reads what the CPU holds now into `state`. Debug registers, `halted` and MSRs that Unicorn does not know are left
    // as they are.
    void save(CpuState& state, StatePart part);
    // Makes the CPU hold `state`. Must follow a save() or load() of this object without guest code in between when `part`
    // is Integer. Empties the TLB when the paging registers change.
    void load(const CpuState& state, StatePart part);

    // After a stop before a block: puts EIP at that block. Unicorn itself does so only while no instruction hook exists
    // anywhere; otherwise EIP is still that of some earlier block, and blocks would run twice.
    void set_instruction_pointer(uint32_t linear_address);

    // After a stop by a hook at an instruction: in which form the flags are there; 0: as Unicorn says itself. It is wrong at
    // the second hook of a block when the form has changed since the first, and back.
    void set_flags_form(uint32_t form);
    uint32_t flags_form() const; // valid after save()

    // What the exception that just stopped the CPU said of itself; valid after save().
    uint32_t error_code() const;
    bool raised_by_int_instruction() const;

    // Of the running CPU, from within a hook.
    struct Blocking {
        bool interrupt_shadow = false;
        bool nmi = false;
    };
    Blocking blocking();

private:
    template<typename T>
    T get(std::size_t offset) const;
    template<typename T>
    void put(std::size_t offset, T value);

    Segment get_segment(std::size_t offset) const;
    void put_segment(std::size_t offset, const Segment& segment);
    uint32_t hidden_flags(const CpuState& state) const;
    void get_floating_point(CpuState& state) const;
    void put_floating_point(const CpuState& state);

    uc_engine* m_engine;
    UnicornLayout m_layout;
    UnicornContext m_context;
};

}
