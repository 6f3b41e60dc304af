#include "strategies/emulation/emulator.hpp"

#include "core/verify.hpp"
#include "strategies/emulation/emulation.hpp"
#include "strategies/emulation/stop_proof.hpp"
#include "strategies/emulation/stop_signals.hpp"
#include "strategies/emulation/stops_by_breakpoint.hpp"
#include "strategies/emulation/stops_by_hook.hpp"

#include <fmt/format.h>
#include <utility>

namespace ringside {

namespace {

// Unicorn goes through all instruction hooks whenever one of them is reached, so there must not be many.
constexpr std::size_t most_watches = 512;

}

Emulator::Emulator(Engine& engine, UnicornEngine unicorn, const UnicornLayout& layout)
    : m_engine(engine)
    , m_unicorn(std::move(unicorn))
    , m_state(m_unicorn, layout)
    , m_debug(m_unicorn.get(), [this](uint32_t status) { on_debug_trap(status); })
    , m_code_pages(engine.memory(), [this](const void* interrupted) { m_stops->request(interrupted); })
{
}

const StrategyInfo& Emulator::info() const
{
    return emulation_info();
}

Result<void> Emulator::set_up()
{
    // Unicorn must never stop at an address of its own accord. Without this it also looks up the `until` address of every
    // uc_emu_start() in the guest's page tables, and the fault of that overwrites CR2 and the pending error code.
    if (uc_ctl_exits_enable(m_unicorn.get()) != UC_ERR_OK)
        return fail(ExitCode::Unavailable, "Unicorn cannot do without an end address");
    prime();
    if (auto made = make_stops(); !made)
        return made;
    if (auto mapped = map_memory(); !mapped)
        return mapped;
    return add_hooks();
}

// The virtual clock counts blocks, so it needs the hook. Otherwise the hook is for hosts where nothing better is proven.
Result<void> Emulator::make_stops()
{
    uc_engine* uc = m_unicorn.get();
    BetweenBlocks& between_blocks = *this;
    auto code = TranslatedCode::learn(uc);
    if (code && m_engine.clock().kind() == ClockKind::Host && StopSignals::install() && prove_stops(uc, m_state, *code)) {
        m_stops = std::make_unique<StopsByBreakpoint>(uc, m_state, between_blocks, *code);
        return {};
    }
    auto stops = StopsByHook::create(uc, m_state, m_engine, between_blocks, code);
    if (!stops)
        return stops.propagate();
    m_stops = std::move(*stops);
    return {};
}

// Unicorn reports a newly translated block only together with the block before it, and has none before the first. Two
// blocks of nothing, run in memory that is unmapped again, give it one.
void Emulator::prime()
{
    static constexpr uint8_t code[] { 0xEB, 0x00, 0xEB, 0x00, 0xF4 }; // jmp +0; jmp +0; hlt
    uc_engine* uc = m_unicorn.get();
    VERIFY(uc_mem_map(uc, 0, page_size, UC_PROT_ALL) == UC_ERR_OK);
    VERIFY(uc_mem_write(uc, 0, code, sizeof(code)) == UC_ERR_OK);
    VERIFY(uc_emu_start(uc, 0, 0, 0, 0) == UC_ERR_OK);
    uc_ctl_remove_cache(uc, uint64_t { 0 }, uint64_t { page_size });
    VERIFY(uc_mem_unmap(uc, 0, page_size) == UC_ERR_OK);
}

void Emulator::load(const CpuState& state)
{
    bool released = std::exchange(m_released, false);
    // The caller may have changed code that was translated here earlier.
    if (m_has_run && !released)
        uc_ctl_flush_tb(m_unicorn.get());
    m_cpu = state;
    m_debug.load(state);
    m_state.load(state, StatePart::All);
    m_ring = state.cpl();
    if (released) {
        m_stale_pages = m_code_pages.retake();
        drop_changed_code();
    }
}

CpuState Emulator::save()
{
    m_state.save(m_cpu, StatePart::All);
    m_debug.save(m_cpu);
    return m_cpu;
}

// Stores that are made while the guest is elsewhere are not seen; load() compares.
void Emulator::release()
{
    if (!m_new_watches.empty())
        watch_new_instructions();
    m_code_pages.release();
    m_look_at_ring = false;
    m_released = true;
}

void Emulator::kick()
{
    m_kicked.store(true);
    m_stops->request();
}

Exit Emulator::run()
{
    follow_recording();
    if (m_cpu.halted)
        return halted();
    m_has_run = true;
    for (;;) {
        m_waiting = false;
        m_stop = Stop::None;
        uc_err error = m_stops->run();
        if (auto exit = after_stop(error))
            return *exit;
    }
}

// Where IRET cannot be reported it is watched. A block gets its watches when it is translated: so all blocks go when the
// wish for exact ring changes comes. Not before there are any: uc_ctl_flush_tb() of Unicorn 2.1.1 also clears its whole
// translation buffer. When the wish goes, the watches stay; they cost little.
void Emulator::follow_recording()
{
    bool wanted = m_engine.recorder().wants_ring_changes();
    if (wanted == m_exact_rings)
        return;
    m_exact_rings = wanted;
    m_watch_for_trace = !m_stops->report_returns(wanted) && wanted;
    if (!wanted)
        return;
    if (m_watch_for_trace && m_has_run)
        uc_ctl_flush_tb(m_unicorn.get());
    m_state.save(m_cpu, StatePart::Integer);
    m_ring = m_cpu.cpl();
}

std::optional<Exit> Emulator::after_stop(uc_err error)
{
    auto unless_continuing = [](Exit exit) {
        return exit.reason == Exit::Reason::Kicked ? std::nullopt : std::optional { std::move(exit) };
    };
    m_state.set_flags_form(std::exchange(m_flags_form, 0));
    switch (m_stop) {
    case Stop::Return:
        return m_exit;
    case Stop::Event:
        return unless_continuing(take_exception());
    case Stop::Debug:
        m_state.save(m_cpu, StatePart::Integer);
        return unless_continuing(take({ .type = EventType::HardwareException, .vector = DB, .return_eip = m_cpu.eip,
                                          .debug_status = m_debug_status },
            EventKind::Exception, RingChangeCause::Exception));
    case Stop::Fault:
        m_state.save(m_cpu, StatePart::Integer);
        return unless_continuing(take_fault(m_fault));
    case Stop::Emulate:
        return unless_continuing(emulate_instruction());
    case Stop::Translate:
        watch_new_instructions();
        return std::nullopt;
    case Stop::Changed:
        drop_changed_code();
        return std::nullopt;
    case Stop::None:
        break;
    }
    switch (error) {
    case UC_ERR_OK:
        m_cpu.halted = true;
        return halted();
    case UC_ERR_INSN_INVALID: // Unicorn does not call the interrupt hook for an undefined opcode
    case UC_ERR_FETCH_PROT:   // code where no RAM is: the bus answers with ones, and FF FF is undefined
    case UC_ERR_FETCH_UNMAPPED:
        return unless_continuing(take_undefined_opcode());
    default:
        return failed(error);
    }
}

// HLT, and EIP is behind it.
Exit Emulator::halted()
{
    bool can_wake = read_register(UC_X86_REG_EFLAGS) & eflags::if_;
    return { can_wake ? Exit::Reason::Halted : Exit::Reason::HaltedForGood };
}

Exit Emulator::failed(uc_err error)
{
    m_state.save(m_cpu, StatePart::Integer);
    return { Exit::Reason::Failed,
        fmt::format("Unicorn cannot go on at eip {:#010x}: {}", m_cpu.eip, uc_strerror(error)) };
}

Exit Emulator::inject(EventType type, uint8_t vector)
{
    m_exit_begin = 0; // the machine records this exit
    m_state.save(m_cpu, StatePart::Integer);
    return take({ .type = type, .vector = vector, .return_eip = m_cpu.eip }, EventKind::ExternalInterrupt,
        RingChangeCause::Interrupt);
}

void Emulator::watch_new_instructions()
{
    if (m_watches.size() + m_new_watches.size() > most_watches)
        forget_watches();
    for (const auto& watched : m_new_watches) {
        if (auto [known, added] = m_watches.insert_or_assign(watched.address, watched.watch); !added)
            continue;
        uc_hook hook = 0;
        auto callback = [](uc_engine*, uint64_t address, uint32_t, void* self) {
            static_cast<Emulator*>(self)->on_watched(static_cast<uint32_t>(address));
        };
        VERIFY(uc_hook_add(m_unicorn.get(), &hook, UC_HOOK_CODE,
                   reinterpret_cast<void*>(static_cast<uc_cb_hookcode_t>(callback)), this, watched.address,
                   watched.address)
            == UC_ERR_OK);
        m_watch_hooks.push_back(hook);
    }
    m_new_watches.clear();
    // The block is translated again, now with the hooks.
    uc_ctl_remove_cache(m_unicorn.get(), uint64_t { m_new_block }, uint64_t { m_new_block } + 1);
}

// A guest may write new code for ever. Its blocks are translated again as they are reached, and watched anew.
void Emulator::forget_watches()
{
    for (uc_hook hook : m_watch_hooks)
        uc_hook_del(m_unicorn.get(), hook);
    m_watch_hooks.clear();
    m_watches.clear();
    m_verified.clear();
    uc_ctl_flush_tb(m_unicorn.get());
}

uint32_t Emulator::read_register(int name) const
{
    uint32_t value = 0;
    uc_reg_read(m_unicorn.get(), name, &value);
    return value;
}

// SS.RPL equals the CPL in protected mode; real mode has ring 0 whatever the selector is.
unsigned Emulator::virtual_ring() const
{
    if (!(read_register(UC_X86_REG_CR0) & cr0::pe))
        return 0;
    unsigned ring = read_register(UC_X86_REG_SS) & 3;
    return ring == 3 || read_register(UC_X86_REG_EFLAGS) & eflags::vm ? 3 : ring;
}

}
