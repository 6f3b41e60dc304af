// The engine room of the emulation strategy: one Unicorn engine, its hooks, and the loop around uc_emu_start().
//
// The guest runs until it is stopped, and then m_stop says why:
//
//   between two blocks   when there is something to look for: kicked? a timer? an interrupt window? (stops.hpp)
//   interrupt hook       an exception or INT n: Unicorn knows no IDT, delivery is ours (core/x86)
//   translation hook     a new block holds instructions that must be watched
//   watch hooks          at single instructions (watched_instructions.hpp)
//
// Port and memory-mapped accesses are settled inside their hooks, without a stop.
#pragma once

#include "core/machine/engine.hpp"
#include "core/machine/strategy.hpp"
#include "core/x86/event.hpp"
#include "core/x86/fault.hpp"
#include "strategies/emulation/code_pages.hpp"
#include "strategies/emulation/debug_registers.hpp"
#include "strategies/emulation/stops.hpp"
#include "strategies/emulation/unicorn_engine.hpp"
#include "strategies/emulation/unicorn_state.hpp"
#include "strategies/emulation/watched_instructions.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace ringside {

class Emulator final : public Strategy, private BetweenBlocks {
public:
    Emulator(Engine& engine, UnicornEngine unicorn, const UnicornLayout& layout);
    Result<void> set_up(); // once, before anything else

    const StrategyInfo& info() const override;
    void load(const CpuState& state) override;
    CpuState save() override;
    void release() override;
    Exit run() override;
    void kick() override;
    Exit inject(EventType type, uint8_t vector) override;

private:
    // Why the guest was stopped.
    enum class Stop : uint8_t {
        None,      // it was not: HLT, or an error of uc_emu_start()
        Return,    // run() returns m_exit
        Event,     // m_vector was raised
        Debug,     // a breakpoint: m_debug_status
        Fault,     // the instruction at EIP raises m_fault
        Emulate,   // the instruction at EIP is for us to execute
        Translate, // the block at EIP holds instructions that must be watched
        Changed,   // before the block at EIP runs, translations must be dropped
    };

    Result<void> map_memory();
    Result<void> make_stops();
    Result<void> add_hooks();
    void prime();

    // Hooks: each is a member called by a one-line static function with `this` in `user`.
    void on_interrupt(uint32_t vector);
    void on_translated(uint32_t address, uint32_t size);
    void on_watched(uint32_t address);
    uint32_t on_port_read(uint16_t port, unsigned size);
    void on_port_write(uint16_t port, unsigned size, uint32_t value);
    uint64_t on_memory_read(Gpa address, unsigned size);
    void on_memory_write(Gpa address, unsigned size, uint64_t value);
    void on_cpuid();
    void on_debug_trap(uint32_t status);

    Go look() override;
    bool anything_to_look_for() const override;
    void returned() override;
    Go stop_between_blocks(Stop why);
    Go leave(Exit::Reason reason);
    bool still_waiting();
    Go wait();
    bool interrupt_window_open();

    void stop(Stop why);
    void stop_here(Stop why); // from a hook at an instruction
    void check_register_value();
    void check_port_permission();
    void settle_ring(unsigned ring, uint32_t eip);
    void follow_recording();
    std::optional<Exit> after_stop(uc_err error);
    Exit halted();
    Exit failed(uc_err error);

    // Deliver through the guest's IDT. Kicked when the guest goes on, TripleFault when it cannot.
    Exit take_exception();
    Exit take_undefined_opcode();
    Exit take_fault(const Fault& fault);
    Exit take(const Event& event, EventKind exit_kind, RingChangeCause cause);
    Event int_instruction_event();

    Exit emulate_instruction();
    bool is_wanted(const Watch& watch) const;
    void watch_new_instructions();
    void forget_watches();
    void guard_code(uint32_t address, uint32_t size);
    bool is_current(uint32_t address);
    void drop_changed_code();

    uint32_t read_register(int name) const;
    unsigned virtual_ring() const; // of the running guest
    EventRecord exit_record(EventKind kind);

    // A range of physical addresses that is not RAM.
    struct Hole {
        Emulator* emulator = nullptr;
        uint64_t begin = 0;
    };

    Engine& m_engine;
    UnicornEngine m_unicorn;
    UnicornState m_state;
    DebugRegisters m_debug;
    std::vector<std::unique_ptr<Hole>> m_holes; // Unicorn keeps pointers to them
    CpuState m_cpu; // the guest's state as of the last save or load; debug registers and MSRs always current

    std::unique_ptr<Stops> m_stops;
    std::atomic<bool> m_kicked { false }; // by any thread
    bool m_waiting = false;               // an interrupt waits for the guest to let it in
    bool m_has_run = false;
    bool m_released = false;

    Stop m_stop = Stop::None;
    Exit m_exit;
    uint32_t m_flags_form = 0; // of the flags where the guest was stopped; 0: as Unicorn says
    uint32_t m_vector = 0;
    Fault m_fault {};
    uint32_t m_debug_status = 0;
    uint64_t m_exit_begin = 0;

    std::unordered_map<uint32_t, Watch> m_watches; // by linear address
    std::vector<uc_hook> m_watch_hooks;

    CodePages m_code_pages;
    bool m_flush_tlb = false; // a page has just become code: stores to it must be seen again by Unicorn, too
    std::vector<Gpa> m_stale_pages; // found by comparing
    // The blocks of pages that hold code and data, as they were translated: by linear address, then by frame.
    struct VerifiedBlock {
        Gpa physical {};
        std::vector<uint8_t> bytes;
    };
    std::unordered_map<uint32_t, std::vector<VerifiedBlock>> m_verified;
    std::vector<WatchedInstruction> m_new_watches;   // found in the block that was translated last
    uint32_t m_new_block = 0;                        // that block

    bool m_exact_rings = false;          // every ring change is looked for
    bool m_watch_for_trace = false;      // then: by watches, because the stops do not report IRET
    bool m_look_at_ring = false;         // the next block may run in another ring
    RingChangeCause m_look_cause = RingChangeCause::Iret;
    unsigned m_ring = 0;                 // the virtual ring last seen
    uint32_t m_exact_eip = 0;            // of the port access or CPUID under way; 0 when it is not known
};

}
