// The running block is left to its end, and is stopped there by a breakpoint on each of its ways out.
//
// Unicorn's own stop, asked for at any moment, is noticed in the middle of a block, which then runs again from its start.
// Asked for at a way out it is exact: the block is done, and nothing of the next has run. request() therefore sets
// breakpoints there, and the SIGTRAP of the one that is reached stops Unicorn:
//
//   the interrupted instruction is in a block        breakpoints on that block's ways out
//   ... in a function that the block called          the same; the block is found by the return address on the stack
//   always                                           a breakpoint in the prologue, for when Unicorn's loop is running
//
// While an interrupt waits for the guest to let it in, there are breakpoints on the ways out of all blocks that may do so
// (openings.hpp). The instruction behind STI is a block of its own, which leaves to Unicorn's loop: it is caught in the
// epilogue.
//
// IRET is reported without a stop: the way out of its block is led through a detour (detour.hpp).
//
// SIGTRAP and one real-time signal, for requests by other threads, belong to this while a guest runs.
#pragma once

#include "strategies/emulation/breakpoints.hpp"
#include "strategies/emulation/detour.hpp"
#include "strategies/emulation/openings.hpp"
#include "strategies/emulation/stops.hpp"
#include "strategies/emulation/unicorn_state.hpp"

#include <atomic>
#include <csignal>

namespace ringside {

class StopsByBreakpoint final : public Stops {
public:
    // With handlers for its signals (stop_signals.hpp), and `code` learned from `unicorn`.
    StopsByBreakpoint(uc_engine* unicorn, UnicornState& state, BetweenBlocks& between_blocks, const TranslatedCode& code);

    uc_err run() override;
    void request(const void* interrupted = nullptr) override;
    void stop_at_instruction() override;
    void request_after_return() override;
    void note_opening(uint32_t block, bool is_return) override;
    bool report_returns(bool wanted) override;
    bool timer_is_due() override { return false; }
    bool timer_has_passed() const override { return false; }
    uint32_t next_block() const override;
    uint32_t running_block() const override;
    uint32_t running_instruction() const override;
    uint32_t flags_form(uint32_t eip) const override { return m_code.flags_form(m_stack, eip); }

private:
    friend class StopSignals;
    // The handlers', on the thread that runs the guest. False if the trap is of no breakpoint here.
    bool handle_trap(void* context);

    uc_err enter(Go go);
    void prepare(Go go);
    void set_breakpoints(uintptr_t instruction);

    uc_engine* m_unicorn;
    UnicornState& m_state;
    BetweenBlocks& m_between_blocks;
    TranslatedCode m_code;
    Detour m_detour; // of returns that are reported
    Breakpoints m_breakpoints { m_code }; // for a request
    Openings m_openings { m_code };       // for an interrupt that waits
    Breakpoints m_at_return { m_code };   // for one that waits for a single instruction

    std::atomic<bool> m_requested { false };
    std::atomic<bool> m_running { false };
    std::atomic<int> m_thread { 0 };          // then: its id
    volatile uintptr_t m_stack = 0;           // of translated code; 0 while there is none
    volatile std::sig_atomic_t m_setting = 0; // breakpoints, just now

    bool m_stopped_by_hook = false;
    volatile std::sig_atomic_t m_stopped = 0; // by a breakpoint, or before anything ran
    TranslatedCode::Block m_next_block {};    // then: the next, if EIP is not right already
};

}
