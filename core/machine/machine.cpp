#include "core/machine/machine.hpp"

#include "core/verify.hpp"

#include <ctime>
#include <fmt/format.h>
#include <utility>

namespace ringside {

namespace {

constexpr Nanoseconds input_retry_interval = 1'000'000;

// Under the virtual clock the time of day starts at the same moment in every run.
RtcStart wall_clock(ClockKind clock)
{
    return clock == ClockKind::Virtual ? RtcStart {} : RtcStart { std::time(nullptr) };
}

}

Machine::Machine(MachineConfiguration configuration, GuestMemory memory, TraceBlock& trace)
    : m_configuration(std::move(configuration))
    , m_memory(std::move(memory))
    , m_recorder(trace)
    , m_timers([this](Nanoseconds next) {
        if (m_alarm)
            m_alarm->set(next);
        else if (m_strategies.created())
            strategy().kick(); // under the virtual clock it counts blocks up to the deadline
    })
{
}

// The alarm's thread uses everything else, so it ends first.
Machine::~Machine()
{
    m_alarm = nullptr;
}

Result<std::unique_ptr<Machine>> Machine::create(MachineConfiguration configuration, TraceBlock& trace)
{
    VERIFY(configuration.strategy);
    if (auto possible = StrategySet::check(strategies_of(configuration), configuration.clock); !possible)
        return possible.propagate();
    auto memory = GuestMemory::create(configuration.memory_bytes);
    if (!memory)
        return memory.propagate();
    std::unique_ptr<Machine> machine(new Machine(std::move(configuration), std::move(*memory), trace));
    if (auto assembled = machine->assemble(); !assembled)
        return assembled.propagate();
    return machine;
}

Result<void> Machine::assemble()
{
    bool is_virtual = m_configuration.clock == ClockKind::Virtual;
    const Clock& clock = is_virtual ? static_cast<const Clock&>(m_virtual_clock) : m_host_clock;

    PlatformHooks hooks;
    hooks.console_output = m_configuration.console_output;
    hooks.debug_output = m_configuration.debug_output;
    hooks.interrupt_pending = [this] {
        if (m_strategies.created())
            strategy().kick();
    };
    hooks.debug_exit = [this](uint32_t code) {
        if (code == 0)
            end(Outcome::Success, "the guest ended well");
        else
            end(Outcome::GuestFailed, fmt::format("the guest reported failure {:#x} through the debug-exit port", code), code);
    };
    hooks.marker = [this](uint32_t value) { m_recorder.event({ .kind = EventKind::GuestMarker, .a = value }); };
    hooks.reset_requested = [this] { end(Outcome::Reset, "the guest asked for a reset"); };
    hooks.unclaimed = [this](const UnclaimedAccess& access) {
        m_recorder.event({ .kind = EventKind::UnclaimedAccess, .a = access.address, .b = access.size, .c = access.value });
    };
    hooks.interrupt_line = [this](unsigned irq, bool level) {
        m_recorder.event({ .kind = EventKind::InterruptLine, .a = irq, .b = level });
    };

    m_input_timer = m_timers.add([this] { offer_input(); });
    auto platform = Platform::create(m_memory, clock, m_timers, std::move(hooks), wall_clock(m_configuration.clock));
    if (!platform)
        return platform.propagate();
    m_platform = std::move(*platform);
    m_platform->write_firmware_tables();
    m_engine = std::make_unique<Engine>(
        m_memory, *m_platform, clock, is_virtual ? &m_virtual_clock : nullptr, m_timers, m_recorder);
    if (auto opened = open_disks(); !opened)
        return opened.propagate();

    auto kernel = load_multiboot(m_memory, m_configuration.boot);
    if (!kernel)
        return kernel.propagate();
    m_kernel = std::move(*kernel);

    if (auto created = create_strategies(); !created)
        return created.propagate();

    if (!is_virtual) {
        m_alarm = std::make_unique<Alarm>(m_host_clock, [this] { wake(); });
        m_alarm->set(m_timers.next_deadline());
    }
    return {};
}

Result<void> Machine::open_disks()
{
    for (const auto& path : m_configuration.disks) {
        auto disk = Disk::open(path);
        if (!disk)
            return disk.propagate();
        m_disks.push_back(std::move(*disk));
    }
    m_engine->attach(m_disks);
    m_engine->set_strategy_options(m_configuration.strategy_options);
    return {};
}

RunResult Machine::run()
{
    g_verify_context.strategy = strategy_info().name.data();
    m_recorder.event({ .kind = EventKind::MachineStart, .a = m_kernel.entry });
    m_engine->begin_exit();
    m_recorder.block().first_instruction = m_recorder.now();
    begin_switches();
    service();
    for (change_strategy(); !m_ended; change_strategy())
        handle(strategy().run());
    m_recorder.event({ .kind = EventKind::MachineStop, .a = static_cast<uint64_t>(exit_code(m_result)) });
    return m_result;
}

void Machine::handle(const Exit& exit)
{
    auto begin = m_engine->begin_exit();
    switch (exit.reason) {
    case Exit::Reason::Kicked:
        m_was_paused = false;
        service();
        if (m_was_paused) // the pause is no part of what the kick cost
            begin = m_engine->begin_exit();
        m_engine->end_exit({ .time = begin, .kind = EventKind::Kick, .real_ring = strategy_info().kernel_ring });
        return;
    case Exit::Reason::InterruptWindow:
        inject_interrupt(begin);
        service();
        return;
    case Exit::Reason::Halted:
        wait_for_interrupt();
        m_engine->begin_exit();
        m_engine->end_exit({ .time = begin, .kind = EventKind::Halt, .real_ring = strategy_info().kernel_ring });
        if (!m_ended)
            inject_interrupt(m_engine->begin_exit());
        return;
    case Exit::Reason::HaltedForGood:
        end(Outcome::Success, "the guest halted with interrupts off: nothing can wake it");
        return;
    case Exit::Reason::TripleFault:
        end(Outcome::TripleFault, "triple fault: " + exit.detail);
        return;
    case Exit::Reason::Failed:
        end(Outcome::Failed, exit.detail);
        return;
    }
}

// Between the strategy's decision that the guest can take an interrupt and this acknowledgment nothing runs, but the
// controller may still answer "nothing any more" when a line dropped: then the guest simply goes on.
void Machine::inject_interrupt(uint64_t begin)
{
    EventKind kind = EventKind::ExternalInterrupt;
    EventType type = EventType::ExternalInterrupt;
    uint8_t vector = NMI;
    if (m_platform->nmi_pending()) {
        m_platform->take_nmi();
        type = EventType::Nmi;
        kind = EventKind::NonMaskableInterrupt;
    } else if (auto acknowledged = m_platform->acknowledge_interrupt()) {
        vector = *acknowledged;
    } else {
        return;
    }
    Exit exit = strategy().inject(type, vector);
    m_engine->end_exit({ .time = begin, .kind = kind, .real_ring = strategy_info().kernel_ring, .b = vector });
    if (exit.reason == Exit::Reason::TripleFault)
        handle(exit);
}

void Machine::service()
{
    if (m_attention.exchange(false))
        take_commands();
    if (m_ended)
        return;
    offer_input();
    m_engine->synchronize_virtual_time();
    m_timers.run_due(m_engine->clock().now());
    if (m_alarm)
        m_alarm->set(m_timers.next_deadline());
}

void Machine::take_commands()
{
    std::unique_lock lock(m_mutex);
    for (;;) {
        auto commands = std::exchange(m_commands, {});
        lock.unlock();
        if (std::exchange(m_step_done, false))
            pause();
        for (const auto& request : commands)
            carry_out(request);
        lock.lock();
        if (!m_paused || m_ended)
            break;
        m_changed.wait(lock, [this] { return !m_commands.empty(); });
    }
    offer_input(lock);
}

// What the serial port has no room for stays in front of what comes later.
void Machine::offer_input(std::unique_lock<std::mutex>& lock)
{
    if (m_input.empty())
        return;
    auto input = std::exchange(m_input, {});
    lock.unlock();
    std::size_t taken = m_platform->console_input(input);
    lock.lock();
    m_input.insert(0, input, taken);
}

// The serial port takes what its buffer holds; the rest is offered again a little later.
void Machine::offer_input()
{
    if (m_typed.empty())
        return;
    m_typed.erase(0, m_platform->console_input(m_typed));
    if (!m_typed.empty())
        m_timers.arm(m_input_timer, m_engine->clock().now() + input_retry_interval);
}

void Machine::carry_out(const Request& request)
{
    switch (request.command) {
    case Command::Pause:
        pause();
        return;
    case Command::Resume:
        resume();
        m_recorder.call_at(request.until, [this] {
            m_step_done = true;
            m_attention.store(true);
            strategy().kick();
        });
        return;
    case Command::Stop:
        end(Outcome::Stopped, "stopped");
        return;
    case Command::Snapshot:
        if (m_configuration.snapshot_taken)
            m_configuration.snapshot_taken(snapshot());
        return;
    }
}

void Machine::pause()
{
    m_recorder.call_at({}, {});
    m_step_done = false;
    if (m_paused || m_ended)
        return;
    // The alarm's thread reads the clock while it is set, so it is switched off before the clock stops. It is not
    // ended: a worker that runs a guest starts no threads (session/system_call_filter.cpp).
    if (m_alarm)
        m_alarm->set(never);
    m_host_clock.pause();
    m_paused = m_was_paused = true;
    m_recorder.event({ .kind = EventKind::MachinePause });
    if (m_configuration.paused_changed)
        m_configuration.paused_changed(true);
}

void Machine::resume()
{
    if (!m_paused)
        return;
    m_host_clock.resume();
    m_paused = false;
    m_recorder.event({ .kind = EventKind::MachineResume });
    if (m_configuration.paused_changed)
        m_configuration.paused_changed(false);
}

void Machine::wait_for_interrupt()
{
    while (!m_ended && !m_engine->interrupt_pending() && !m_strategies.requested()) {
        Nanoseconds next = m_timers.next_deadline();
        if (m_configuration.clock == ClockKind::Virtual && next != never) {
            m_engine->synchronize_virtual_time();
            m_virtual_clock.advance_to(next);
        } else {
            std::unique_lock lock(m_mutex);
            m_changed.wait(lock, [this] { return m_attention.load(std::memory_order_relaxed); });
        }
        service();
    }
}

void Machine::post(Command command)
{
    post(Request { command });
}

void Machine::step(const EventSet& until)
{
    post(Request { Command::Resume, until });
}

void Machine::post(Request request)
{
    {
        std::lock_guard lock(m_mutex);
        m_commands.push_back(request);
    }
    wake();
}

void Machine::console_input(std::string_view text)
{
    {
        std::lock_guard lock(m_mutex);
        m_input += text;
    }
    wake();
}

std::size_t Machine::console_input_waiting()
{
    std::lock_guard lock(m_mutex);
    return m_input.size();
}

// The lock orders the flag before a waiter's look at it, so that no wake-up falls between its look and its sleep.
void Machine::wake()
{
    {
        std::lock_guard lock(m_mutex);
        m_attention.store(true);
    }
    m_changed.notify_all();
    strategy().kick();
}

// The first reason is kept: what happens afterwards is its consequence.
void Machine::end(Outcome outcome, std::string reason, uint32_t code)
{
    if (m_ended)
        return;
    m_ended = true;
    m_result = { outcome, code, std::move(reason) };
    if (m_strategies.created())
        strategy().kick();
}

ExitCode exit_code(const RunResult& result)
{
    switch (result.outcome) {
    case Outcome::Success:
    case Outcome::Stopped:
        return ExitCode::Success;
    case Outcome::GuestFailed:
    case Outcome::TripleFault:
    case Outcome::Reset:
    case Outcome::Failed:
        return ExitCode::GuestFailed;
    }
    return ExitCode::Internal;
}

std::string_view outcome_name(Outcome outcome)
{
    switch (outcome) {
    case Outcome::Success:
        return "success";
    case Outcome::GuestFailed:
        return "failure";
    case Outcome::TripleFault:
        return "triple-fault";
    case Outcome::Reset:
        return "reset";
    case Outcome::Stopped:
        return "stopped";
    case Outcome::Failed:
        return "failed";
    }
    return "unknown";
}

}
