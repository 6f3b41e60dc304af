// Engine: what a strategy may ask of the machine while the guest waits. One per machine; used only by the thread that
// runs the vCPU.
//
// An exit that is settled on the spot goes:
//
//   auto begin = engine.begin_exit();
//   value = engine.bus().read_port(port, size);
//   engine.end_exit({ .time = begin, .kind = EventKind::PortRead, ... });
#pragma once

#include "core/devices/bus.hpp"
#include "core/devices/platform.hpp"
#include "core/machine/clock.hpp"
#include "core/machine/cpu_state.hpp"
#include "core/machine/disk.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/machine/strategy_options.hpp"
#include "core/machine/timer_queue.hpp"
#include "core/trace/recorder.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace ringside {

class Engine {
public:
    // `virtual_clock` is null under the host clock.
    Engine(GuestMemory& memory, Platform& platform, const Clock& clock, VirtualClock* virtual_clock,
        const TimerQueue& timers, Recorder& recorder);

    GuestMemory& memory() { return m_memory; }
    Bus& bus() { return m_platform.bus(); }
    Recorder& recorder() { return m_recorder; }
    const Clock& clock() const { return m_clock; }
    std::span<Disk> disks() const { return m_disks; } // in the order of the command line
    void attach(std::span<Disk> disks) { m_disks = disks; }

    const StrategyOptions& strategy_options() const { return m_strategy_options; }
    void set_strategy_options(const StrategyOptions& options) { m_strategy_options = options; }

    // Blocks executed so far, for strategies that count them. The virtual clock is derived from it.
    uint64_t& blocks() { return m_recorder.block().blocks; }
    // Under the virtual clock: the block count at which `deadline` is reached and run() must return; else UINT64_MAX.
    uint64_t block_limit(Nanoseconds deadline);
    // The same for the earliest timer.
    uint64_t block_limit() { return block_limit(m_timers.next_deadline()); }

    bool maskable_pending() const { return m_platform.interrupt_pending(); }
    bool nmi_pending() const { return m_platform.nmi_pending(); }
    bool interrupt_pending() const { return maskable_pending() || nmi_pending(); }
    // An NMI that was taken, and that the guest has not been given, waits again.
    void return_nmi() { m_platform.local_apic().return_nmi(); }

    uint64_t begin_exit()
    {
        if (m_virtual_clock) [[unlikely]]
            synchronize_virtual_time();
        return m_recorder.begin_exit();
    }
    void end_exit(const EventRecord& record) { m_recorder.exit(record); }

    // RDTSC in guest time: ticks at time_stamp_frequency() since the machine was started, or since the guest wrote the
    // counter, from what it wrote (SDM 3B §18.17).
    uint64_t time_stamp_counter() { return raw_time_stamp() + m_time_stamp_offset; }
    bool time_stamp_is_written() const { return m_time_stamp_offset != 0; }
    uint64_t time_stamp_offset() const { return m_time_stamp_offset; } // modulo 2^64
    uint64_t time_stamp_frequency() const { return m_time_stamp_frequency; }
    // For runs in which the guest also reads the host's counter itself: it sees that one until it writes it, and no jump.
    void share_host_time_stamp() { m_shares_host_time_stamp = true; }

    // RDMSR and WRMSR: nothing / false means #GP(0) (SDM 2B). `state` holds the registers that live in the CPU.
    std::optional<uint64_t> read_msr(const CpuState& state, uint32_t index);
    bool write_msr(CpuState& state, uint32_t index, uint64_t value);

    // Brings the virtual clock, and the trace's time with it, up to the executed blocks.
    void synchronize_virtual_time();

private:
    uint64_t raw_time_stamp();

    GuestMemory& m_memory;
    Platform& m_platform;
    const Clock& m_clock;
    VirtualClock* m_virtual_clock;
    const TimerQueue& m_timers;
    Recorder& m_recorder;
    uint64_t m_blocks_seen = 0; // blocks that the virtual clock already counts
    uint64_t m_time_stamp_frequency;
    uint64_t m_time_stamp_offset = 0; // that the guest has given it
    bool m_shares_host_time_stamp = false;
    std::span<Disk> m_disks;
    StrategyOptions m_strategy_options {};
};

}
