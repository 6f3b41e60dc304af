#include "strategies/paravirt/paravirt_cpu.hpp"

#include "core/verify.hpp"
#include "strategies/paravirt/event_controllers.hpp"
#include "strategies/paravirt/hypercall_page_layout.h"
#include "strategies/paravirt/paravirt.hpp"
#include "strategies/paravirt/rings.hpp"

#include <array>
#include <x86intrin.h>

extern "C" {
uint32_t ringside_on_hypercall(uint32_t number, uint32_t argument);
void ringside_on_hypercall_aborted();
// gate.S: code, of which only the addresses matter.
extern const char ringside_gate_window, ringside_gate_window_end, ringside_gate_aborted;
}

namespace ringside::paravirt {

namespace {

// As ringside_world: the gate has no other way to find it.
ParavirtCpu* s_cpu = nullptr;

constexpr uint32_t four_gib = 0; // the end of a flat segment

uint64_t address_of(const char& code)
{
    return reinterpret_cast<uint64_t>(&code);
}

}

ParavirtCpu::ParavirtCpu(Engine& engine, Window window)
    : NativeCpu(engine, std::move(window), PV_MONITOR_BASE)
    , m_hypercalls(engine, *this)
{
}

ParavirtCpu::~ParavirtCpu()
{
    s_cpu = nullptr;
}

Result<void> ParavirtCpu::set_up()
{
    auto pages = MonitorPages::create();
    if (!pages)
        return pages.propagate();
    m_pages.emplace(std::move(*pages));
    m_segments.ldt().reserve(PV_KERNEL_CS, kernel_code(), Window::end);
    m_segments.ldt().reserve(PV_KERNEL_DS, kernel_data(), Window::end);
    make_programs_reach(m_hypercalls.boundary());
    initialize_event_controllers(m_engine.bus());
    s_cpu = this;
    ringside_world.gate_window = address_of(ringside_gate_window);
    ringside_world.gate_window_end = address_of(ringside_gate_window_end);
    ringside_world.gate_aborted = address_of(ringside_gate_aborted);
    return NativeCpu::set_up();
}

const StrategyInfo& ParavirtCpu::info() const
{
    return paravirt_info();
}

// A state with other segments is a Multiboot loader's.
void ParavirtCpu::load(const CpuState& state)
{
    bool is_ours = segment_for(state.segment(Cs).selector).has_value();
    NativeCpu::load(is_ours ? state : entry_state(state));
}

Exit ParavirtCpu::run()
{
    set_time();
    return NativeCpu::run();
}

Exit ParavirtCpu::inject(EventType type, uint8_t vector)
{
    if (m_hypercalls.traps().handles(vector))
        return NativeCpu::inject(type, vector);
    m_state.halted = false;
    return { Exit::Reason::Kicked };
}

Delivery ParavirtCpu::deliver_event(const Event& event)
{
    const auto& traps = m_hypercalls.traps();
    bool requested = event.type == EventType::SoftwareInterrupt || event.type == EventType::SoftwareException;
    if (requested) {
        if (auto fault = traps.check_software_interrupt(m_state, event.vector))
            return traps.deliver(m_state, m_engine.memory(), shared().kernel_stack,
                { EventType::HardwareException, fault->vector, true, fault->error_code, 0, m_state.eip, 0 });
    }
    return traps.deliver(m_state, m_engine.memory(), shared().kernel_stack, event);
}

// --- What lies in the shared-info page ---

void ParavirtCpu::gather_state()
{
    m_state.eflags = (m_state.eflags & ~eflags::if_) | (shared().interrupts & 1 ? eflags::if_ : 0);
    count_system_calls();
}

void ParavirtCpu::spread_state()
{
    shared().interrupts = (m_state.eflags & eflags::if_) != 0;
    shared().fault_address = m_state.cr2;
    leave_notes();
}

void ParavirtCpu::leave_notes()
{
    shared().attention = m_engine.interrupt_pending();
    bool rings = m_engine.recorder().wants_ring_changes();
    bool flat = m_programs_end != m_hypercalls.boundary();
    bool returns = flat || m_tlb.has_supervisor_pages_below(m_hypercalls.boundary());
    m_pages->set_watched(static_cast<uint8_t>((rings ? PAGE_WATCHED_RINGS : 0) | (returns ? PAGE_WATCHED_RETURNS : 0)));
}

// The guest's clock may have been stopped meanwhile: a new base. Where it only drifts apart from the host's time-stamp
// counter, the next base is not behind what the guest may have read.
void ParavirtCpu::set_time()
{
    constexpr uint64_t second = 1'000'000'000, drift = 10'000, stop = 1'000'000;
    volatile pv_time& time = shared().time;
    uint64_t tsc = __rdtsc();
    uint64_t now = m_engine.clock().now();
    auto multiplier = static_cast<uint32_t>((second << 32) / m_engine.time_stamp_frequency());
    auto passed = static_cast<uint64_t>(static_cast<unsigned __int128>(tsc - m_time_tsc) * multiplier >> 32);
    uint64_t shown = m_time_nanoseconds + passed;
    if (time.multiplier == multiplier && (now < shown ? shown - now < stop : now - shown < drift))
        return;
    m_time_tsc = tsc;
    m_time_nanoseconds = now;
    time.version = time.version + 1;
    time.multiplier = multiplier;
    time.base_tsc = m_time_tsc;
    time.base_nanoseconds = m_time_nanoseconds;
    time.version = time.version + 1;
}

// The gate counts what the monitor does not see.
void ParavirtCpu::count_system_calls()
{
    uint32_t calls = shared().system_calls - m_system_calls;
    m_system_calls += calls;
    auto& entries = m_engine.recorder().block().ring_entries;
    entries[3][0] += calls;
    entries[0][3] += calls;
}

// --- Segments and rings ---

std::optional<Segment> ParavirtCpu::segment_for(uint16_t selector) const
{
    switch (selector) {
    case PV_KERNEL_CS:
        return kernel_code();
    case PV_KERNEL_DS:
        return kernel_data();
    case PV_USER_CS:
        return user_code(m_hypercalls.boundary());
    case PV_USER_DS:
        return user_data(m_hypercalls.boundary());
    default:
        return std::nullopt;
    }
}

// Only what the guest itself has loaded since is looked at. CS says which ring it is in; a stack segment of the other
// ring, which the host lets it load, counts for nothing.
void ParavirtCpu::adopt_segments(const RealSegments::Selectors& found)
{
    const auto& known = m_segments.selectors();
    if (found == known) [[likely]]
        return;
    if (found[Cs] != known[Cs] || found[Ss] != known[Ss]) {
        if (is_kernel_code(found[Cs]))
            enter_kernel(m_state);
        else
            enter_program(m_state, m_hypercalls.boundary());
    }
    for (auto which : std::array { Es, Ds, Fs, Gs }) {
        if (found[which] == known[which])
            continue;
        auto segment = segment_for(found[which]);
        bool allowed = segment && segment->dpl() >= m_state.cpl();
        m_state.segment(which) = allowed ? *segment : null_segment();
    }
    for (unsigned which = 0; which < found.size(); ++which)
        m_segments.set(static_cast<SegmentRegister>(which), m_state.segments[which], found[which]);
}

void ParavirtCpu::reserve_user_segments(uint32_t end)
{
    m_segments.ldt().reserve(PV_USER_CS, user_code(end), Window::end);
    m_segments.ldt().reserve(PV_USER_DS, user_data(end), Window::end);
}

// docs/decisions/0010. The gates change rings unseen; a system call since the last look means that ring 3 has not stayed.
void ParavirtCpu::make_segments_real()
{
    if (m_state.cpl() != 3)
        reveal_kernel();
    else
        separate_program();
    for (unsigned which = 0; which < m_state.segments.size(); ++which) {
        const Segment& segment = m_state.segments[which];
        uint16_t real = segment_for(segment.selector) ? segment.selector
                                                      : m_segments.ldt().selector_for(segment, m_hypercalls.boundary());
        m_segments.set(static_cast<SegmentRegister>(which), segment, real);
    }
}

void ParavirtCpu::separate_program()
{
    uint32_t boundary = m_hypercalls.boundary();
    uint64_t now = __rdtsc();
    if (std::exchange(m_system_calls_seen, m_system_calls) != m_system_calls)
        m_separation.in_ring_0(now); // it was there unseen: what the program did since is one stay
    m_tlb.hide_supervisor_pages(boundary);
    bool stays = m_separation.in_ring_3(now) == RingSeparation::Method::Concealed;
    if (m_tlb.concealed() && m_programs_end == four_gib)
        return;
    if (!stays && executes_below(boundary))
        return make_programs_reach(boundary);
    m_tlb.conceal(boundary);
    m_pages->conceal();
    make_programs_reach(four_gib);
    m_separation.done(__rdtsc());
}

// While ring 0 runs, the segments that wait for ring 3 may be flat: leave_notes() sees to it that no gate leads there past
// separate_program(). Changing them is two calls of the host, of which a timer interrupt of a program that computes needs
// none.
void ParavirtCpu::make_programs_reach(uint32_t end)
{
    if (std::exchange(m_programs_end, end) != end)
        reserve_user_segments(end);
}

void ParavirtCpu::reveal_kernel()
{
    m_separation.in_ring_0(__rdtsc());
    NativeCpu::reveal_kernel();
    m_pages->reveal();
}

// --- Page tables ---

void ParavirtCpu::refresh(const CpuState& state, Gla first, uint32_t count)
{
    m_tlb.refresh(state, first, count);
}

void ParavirtCpu::load_page_directory(const CpuState& state, bool paging_began)
{
    if (paging_began)
        m_tlb.flush();
    else
        m_tlb.load_page_directory(state);
}

void ParavirtCpu::set_boundary(uint32_t boundary)
{
    make_programs_reach(boundary);
}

}

uint32_t ringside_on_hypercall(uint32_t number, uint32_t argument)
{
    return static_cast<uint32_t>(ringside::paravirt::s_cpu->on_hypercall(number, argument));
}

void ringside_on_hypercall_aborted()
{
    ringside::paravirt::s_cpu->on_hypercall_aborted();
}
