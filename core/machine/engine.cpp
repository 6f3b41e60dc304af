#include "core/machine/engine.hpp"

namespace ringside {

namespace {

// Under the virtual clock a block takes this long: about what a small block takes on a PC of the years when the guest's
// platform was current, so that a kernel's timer periods hold a sensible number of blocks.
constexpr Nanoseconds nanoseconds_per_block = 10;

constexpr uint64_t virtual_time_stamp_frequency = 1'000'000'000;

// The index of each register of SDM 4 that the platform has.
enum Msr : uint32_t {
    TimeStampCounter = 0x10,
    ApicBase = 0x1B,
    SysenterCs = 0x174,
    SysenterEsp = 0x175,
    SysenterEip = 0x176,
    MiscEnable = 0x1A0,
    Pat = 0x277,
    Efer = 0xC0000080,
};

constexpr uint64_t apic_base_enable = 1 << 11;

}

Engine::Engine(GuestMemory& memory, Platform& platform, const Clock& clock, VirtualClock* virtual_clock,
    const TimerQueue& timers, Recorder& recorder)
    : m_memory(memory)
    , m_platform(platform)
    , m_clock(clock)
    , m_virtual_clock(virtual_clock)
    , m_timers(timers)
    , m_recorder(recorder)
    , m_time_stamp_frequency(virtual_clock ? virtual_time_stamp_frequency : time_stamp_counter_frequency())
{
}

uint64_t Engine::block_limit(Nanoseconds deadline)
{
    if (!m_virtual_clock || deadline == never)
        return UINT64_MAX;
    synchronize_virtual_time();
    Nanoseconds now = m_virtual_clock->now();
    if (deadline <= now)
        return blocks();
    return blocks() + (deadline - now + nanoseconds_per_block - 1) / nanoseconds_per_block;
}

void Engine::synchronize_virtual_time()
{
    if (!m_virtual_clock)
        return;
    uint64_t executed = blocks() - m_blocks_seen;
    m_blocks_seen = blocks();
    m_virtual_clock->advance_to(m_virtual_clock->now() + executed * nanoseconds_per_block);
    m_recorder.set_manual_time(m_virtual_clock->now());
}

uint64_t Engine::raw_time_stamp()
{
    if (m_shares_host_time_stamp)
        return __rdtsc();
    synchronize_virtual_time();
    auto ticks = static_cast<unsigned __int128>(m_clock.now()) * m_time_stamp_frequency / 1'000'000'000;
    return static_cast<uint64_t>(ticks);
}

std::optional<uint64_t> Engine::read_msr(const CpuState& state, uint32_t index)
{
    switch (index) {
    case TimeStampCounter:
        return time_stamp_counter();
    case ApicBase:
        return state.msrs.apic_base;
    case SysenterCs:
        return state.msrs.sysenter_cs;
    case SysenterEsp:
        return state.msrs.sysenter_esp;
    case SysenterEip:
        return state.msrs.sysenter_eip;
    case MiscEnable:
        return 1; // fast string operations
    case Pat:
        return state.msrs.pat;
    case Efer:
        return state.msrs.efer;
    default:
        return std::nullopt;
    }
}

bool Engine::write_msr(CpuState& state, uint32_t index, uint64_t value)
{
    switch (index) {
    case ApicBase:
        // The base cannot be moved: the devices' places are fixed (docs/CAVEATS.md).
        if ((value & ~apic_base_enable) != (state.msrs.apic_base & ~apic_base_enable))
            return false;
        state.msrs.apic_base = value;
        m_platform.local_apic().write_base_msr(value);
        return true;
    case SysenterCs:
        state.msrs.sysenter_cs = static_cast<uint32_t>(value);
        return true;
    case SysenterEsp:
        state.msrs.sysenter_esp = static_cast<uint32_t>(value);
        return true;
    case SysenterEip:
        state.msrs.sysenter_eip = static_cast<uint32_t>(value);
        return true;
    case TimeStampCounter:
        m_time_stamp_offset = value - raw_time_stamp();
        return true;
    case MiscEnable:
        return true; // accepted, without effect
    case Pat:
        state.msrs.pat = value;
        return true;
    case Efer:
        return value == 0; // neither long mode nor SYSCALL nor NX is offered by CPUID
    default:
        return false;
    }
}

}
