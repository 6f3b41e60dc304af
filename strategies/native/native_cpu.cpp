#include "strategies/native/native_cpu.hpp"

#include "core/verify.hpp"
#include "strategies/native/signal_cost.hpp"
#include "strategies/native/system_call_guard.hpp"
#include "strategies/native/user_boundary.hpp"

#include <algorithm>
#include <utility>

namespace ringside {

namespace {

// EFLAGS that the host CPU keeps for the guest while it runs in ring 3. The others (IF, IOPL, VM, VIF, VIP) are virtual.
constexpr uint32_t native_flags = eflags::cf | eflags::pf | eflags::af | eflags::zf | eflags::sf | eflags::tf | eflags::df
    | eflags::of | eflags::nt | eflags::rf | eflags::ac | eflags::id;

}

NativeCpu::NativeCpu(Engine& engine, Window window, uint64_t end)
    : m_engine(engine)
    , m_window(std::move(window))
    , m_tlb(engine.memory(), m_window, end)
    , m_separation(time_stamp_counter_frequency())
    , m_end(end)
    , m_boundary(end)
{
}

NativeCpu::~NativeCpu()
{
    if (m_holds_process)
        SignalHandlers::remove();
}

Result<void> NativeCpu::set_up()
{
    m_thread = pthread_self();
    if (auto guarded = guard_system_calls(); !guarded)
        return guarded;
    if (auto made = m_floating_unit.set_up(); !made)
        return made;
    if (auto prepared = SignalHandlers::prepare(); !prepared)
        return prepared;
    use_world();
    m_engine.recorder().block().signal_cost = measure_signal_cost(m_window, m_segments.ldt());
    m_nudge.start(SignalHandlers::kick_signal());
    return {};
}

void NativeCpu::use_world()
{
    ringside_world.kicked = 0;
    ringside_world.fpu = ringside_world.fpu_home = m_fpu.area();
    ringside_world.fpu_components = m_fpu.components();
}

void NativeCpu::load(const CpuState& state)
{
    if (!std::exchange(m_holds_process, true)) {
        use_world();
        m_segments.ldt().restore();
        SignalHandlers::install(*this);
    }
    m_state = state;
    m_fpu.load(state);
    m_tlb.flush();
    m_boundary_stale = true;
    spread_state();
}

CpuState NativeCpu::save()
{
    gather_state();
    m_fpu.save(m_state);
    return m_state;
}

void NativeCpu::release()
{
    m_tlb.flush();
    if (std::exchange(m_holds_process, false))
        SignalHandlers::remove();
}

// A signal is needed only while the guest runs, which it does not while its thread is here; and one is enough until the
// kick is noticed: many that are pending at once would all want their frames on the handlers' stack.
void NativeCpu::kick()
{
    if (ringside_world.kicked.exchange(1) != 0)
        return;
    if (!pthread_equal(pthread_self(), m_thread))
        pthread_kill(m_thread, SignalHandlers::kick_signal());
}

Exit NativeCpu::run()
{
    for (;;) {
        if (m_state.halted)
            return halted();
        if (ringside_world.kicked.exchange(0) != 0)
            return { Exit::Reason::Kicked };
        gather_state();
        if (m_engine.interrupt_pending() && interrupt_window_open())
            return { Exit::Reason::InterruptWindow };
        if (!runs_natively() || shadow_holds_interrupt_up()) {
            auto exit = interpret();
            spread_state();
            if (exit)
                return *exit;
            continue;
        }
        if (auto exit = approach()) {
            spread_state();
            return *exit;
        }
        prepare();
        ringside_world.fpu = m_fpu.area();
        ringside_enter_guest();
        return m_exit;
    }
}

Exit NativeCpu::halted() const
{
    return { m_state.eflags & eflags::if_ ? Exit::Reason::Halted : Exit::Reason::HaltedForGood };
}

Exit NativeCpu::inject(EventType type, uint8_t vector)
{
    m_exit_begin = 0; // the machine records this exit
    gather_state();
    m_state.halted = false;
    Event event { .type = type, .vector = vector, .return_eip = m_state.eip };
    if (take(event, EventKind::ExternalInterrupt, RingChangeCause::Interrupt) == Verdict::Leave)
        return m_exit;
    spread_state();
    return { Exit::Reason::Kicked };
}

// What real-address mode has left in CS and SS holds until they are loaded (SDM 3A §9.9.1), but the host CPU is not to be
// entered with null selectors or with data in CS.
bool NativeCpu::has_native_mode() const
{
    constexpr unsigned code = 8;
    const auto& cs = m_state.segment(Cs);
    bool loaded = cs.selector > 3 && m_state.segment(Ss).selector > 3 && (cs.type() & code);
    return m_state.protected_mode() && !m_state.virtual_8086() && loaded;
}

bool NativeCpu::interrupt_window_open() const
{
    if (m_engine.nmi_pending() && !m_state.nmi_blocked)
        return true;
    return m_engine.maskable_pending() && (m_state.eflags & eflags::if_) && !m_state.interrupt_shadow;
}

void NativeCpu::follow_effects(uint32_t effects, Gla address)
{
    constexpr uint32_t all = effect::whole_tlb | effect::paging_mode;
    if (effects & all)
        m_tlb.flush();
    else if (effects & effect::non_global_tlb)
        m_tlb.load_page_directory(m_state);
    else if (effects & effect::invalidated_page)
        m_tlb.invalidate_page(m_state, address);
    if (effects & (all | effect::non_global_tlb))
        m_boundary_stale = true;
}

// A guest that has jumped beyond a truncated segment could not even be entered: IRETQ checks EIP against the limit.
bool NativeCpu::executes_below(uint64_t boundary) const
{
    return uint64_t { m_state.segment(Cs).base } + m_state.eip < boundary;
}

// Keeps ring 3 out of the kernel's pages (ring_separation.hpp).
void NativeCpu::make_segments_real()
{
    uint64_t end = m_end;
    if (m_state.cpl() != 3) {
        if (m_separation.is_in_ring_3())
            m_separation.in_ring_0(__rdtsc());
        m_tlb.reveal();
    } else {
        if (std::exchange(m_boundary_stale, false)) {
            m_tlb.reveal();
            m_boundary = user_boundary(m_engine.memory(), m_state);
        }
        m_tlb.hide_supervisor_pages(m_boundary);
        // Where ring 3 has addresses in which the strategy lies it must never see that.
        bool truncated = m_boundary > m_end || m_separation.in_ring_3(__rdtsc()) == RingSeparation::Method::Truncated;
        if (truncated && executes_below(m_boundary)) {
            end = std::min(m_boundary, m_end);
        } else {
            end = Window::end;
            if (!m_tlb.concealed()) {
                m_tlb.conceal(m_boundary);
                m_separation.done(__rdtsc());
            }
        }
    }
    m_segments.follow(m_state, end);
}

uint32_t NativeCpu::real_flags() const
{
    return (m_state.eflags & native_flags) | eflags::fixed | eflags::if_;
}

void NativeCpu::prepare()
{
    make_segments_real();
    spread_state();
    const auto& real = m_segments.selectors();
    std::copy(m_state.gpr.begin(), m_state.gpr.end(), ringside_world.gpr);
    ringside_world.eip = real_eip();
    ringside_world.eflags = real_flags();
    ringside_world.cs = real[Cs];
    ringside_world.ss = real[Ss];
    ringside_world.ds = real[Ds];
    ringside_world.es = real[Es];
    ringside_world.fs = real[Fs];
    ringside_world.gs = real[Gs];
    m_exit.reason = Exit::Reason::Kicked; // what it is if a kick keeps the guest from being entered
}

std::optional<GuestSignals::Verdict> NativeCpu::take_registers(int, ucontext_t& context)
{
    const auto& registers = context.uc_mcontext.gregs;
    auto low = [&](int index) { return static_cast<uint32_t>(registers[index]); };
    m_state.gpr = { low(REG_RAX), low(REG_RCX), low(REG_RDX), low(REG_RBX), low(REG_RSP), low(REG_RBP), low(REG_RSI),
        low(REG_RDI) };
    m_state.eip = low(REG_RIP);
    m_state.interrupt_shadow = false;
    m_state.eflags = (m_state.eflags & ~native_flags) | (low(REG_EFL) & native_flags);
    // CS, GS, FS and SS, 16 bits each.
    auto packed = static_cast<uint64_t>(registers[REG_CSGSFS]);
    auto& world = ringside_world;
    RealSegments::Selectors found { world.es, static_cast<uint16_t>(packed), static_cast<uint16_t>(packed >> 48), world.ds,
        world.fs, world.gs };
    adopt_segments(found);
    gather_state();
    if (m_state.cpl() != 3)
        reveal_kernel();
    return {};
}

void NativeCpu::adopt_segments(const RealSegments::Selectors& found)
{
    m_segments.adopt(m_engine.memory(), m_state, found);
}

void NativeCpu::take_world(uint32_t eip)
{
    const auto& world = ringside_world;
    std::copy(std::begin(world.gpr), std::end(world.gpr), m_state.gpr.begin());
    m_state.eip = eip;
    m_state.interrupt_shadow = false;
    m_state.eflags = (m_state.eflags & ~native_flags) | (world.eflags & native_flags);
    adopt_segments({ world.es, world.cs, world.ss, world.ds, world.fs, world.gs });
    gather_state();
}

GuestSignals::Verdict NativeCpu::on_guest_signal(int signal, const siginfo_t& information, ucontext_t& context)
{
    m_exit_begin = m_engine.begin_exit();
    ++m_engine.recorder().block().signals;
    m_context = &context;
    auto settled = take_registers(signal, context);
    auto verdict = settled ? *settled : dispatch(signal, information, context);
    m_context = nullptr;
    if (verdict == Verdict::Resume)
        verdict = finish();
    if (verdict == Verdict::Resume) {
        if (auto exit = approach())
            verdict = leave(*exit);
    }
    if (verdict == Verdict::Resume) {
        prepare();
        ringside_world.fpu = m_fpu.area_in(context);
    } else {
        spread_state();
        m_fpu.take(context);
    }
    return verdict;
}

GuestSignals::Verdict NativeCpu::leave(Exit exit)
{
    m_exit = std::move(exit);
    return Verdict::Leave;
}

GuestSignals::Verdict NativeCpu::finish()
{
    auto verdict = attend();
    return verdict == Verdict::Leave || runs_natively() ? verdict : leave({ Exit::Reason::Kicked });
}

GuestSignals::Verdict NativeCpu::attend()
{
    if (m_state.halted)
        return leave(halted());
    // A plain look first: an exchange keeps the processor from going on with anything else.
    if (ringside_world.kicked.load(std::memory_order_relaxed) != 0 && ringside_world.kicked.exchange(0) != 0)
        return leave({ Exit::Reason::Kicked });
    if (m_engine.interrupt_pending() && interrupt_window_open())
        return leave({ Exit::Reason::InterruptWindow });
    return Verdict::Resume;
}

}
