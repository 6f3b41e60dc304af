#include "core/session/worker.hpp"

#include "core/machine/machine.hpp"
#include "core/session/confinement.hpp"
#include "core/session/console_memory.hpp"
#include "core/session/listing_codec.hpp"
#include "core/session/message.hpp"
#include "core/session/outcome.hpp"
#include "core/session/settings.hpp"
#include "core/session/snapshot_codec.hpp"
#include "core/session/worker_account.hpp"
#include "core/session/worker_process.hpp"
#include "core/trace/symbols.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <poll.h>
#include <span>
#include <string_view>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace ringside {

namespace {

constexpr int control = WorkerProcess::control_descriptor;
constexpr int failed_status = 70;
constexpr int orphan_status = 0;

[[noreturn]] void refuse(const Error& error)
{
    (void)send_message(control, MessageKind::SetupFailed, encode(error));
    _exit(failed_status);
}

// The session may have died before the request took effect.
void die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(orphan_status);
}

void prepare_process(pid_t parent)
{
    if (parent > 0)
        die_with(parent);
    drop_needless_privileges();
    std::signal(SIGPIPE, SIG_IGN);
}

struct Worker {
    WorkerSettings settings;
    std::unique_ptr<TraceMemory> trace;
    std::unique_ptr<ConsoleMemory> console;
    std::unique_ptr<WorkerAccount> account;
    std::unique_ptr<ConsoleWriter> serial;
    std::unique_ptr<ConsoleWriter> debug;
    Descriptor input;
    std::unique_ptr<Machine> machine;
};

Result<std::vector<Descriptor>> receive_setup()
{
    Received received = receive_message_with_descriptors(control, SetupDescriptorCount);
    if (received.status == Received::Status::Closed)
        _exit(orphan_status);
    if (received.message.kind != MessageKind::Setup || received.message.descriptors.size() != SetupDescriptorCount)
        return fail(ExitCode::Internal, "a worker process got no settings");
    return std::move(received.message.descriptors);
}

Result<void> take_settings(Worker& worker)
{
    auto descriptors = receive_setup();
    if (!descriptors)
        return descriptors.propagate();
    auto account = WorkerAccount::open(std::move((*descriptors)[AccountDescriptor]));
    if (!account)
        return account.propagate();
    worker.account = std::make_unique<WorkerAccount>(std::move(*account));
    worker.account->adopt();
    auto settings = read_settings((*descriptors)[SettingsDescriptor]);
    if (!settings)
        return settings.propagate();
    auto trace = TraceMemory::open((*descriptors)[TraceDescriptor].release());
    if (!trace)
        return trace.propagate();
    auto console = ConsoleMemory::open(std::move((*descriptors)[ConsoleDescriptor]));
    if (!console)
        return console.propagate();

    worker.settings = std::move(*settings);
    worker.trace = std::make_unique<TraceMemory>(std::move(*trace));
    worker.console = std::make_unique<ConsoleMemory>(std::move(*console));
    worker.serial = std::make_unique<ConsoleWriter>(worker.console->block().serial);
    worker.debug = std::make_unique<ConsoleWriter>(worker.console->block().debug);
    worker.input = std::move((*descriptors)[InputDescriptor]);
    return {};
}

Result<const StrategyEntry*> strategy_named(const std::string& name)
{
    if (const auto* entry = find_strategy(name))
        return entry;
    return fail(ExitCode::Usage, "there is no strategy '" + name + "'");
}

Result<void> choose_strategies(const WorkerSettings& settings, MachineConfiguration& configuration)
{
    auto first = strategy_named(settings.strategy);
    if (!first)
        return first.propagate();
    configuration.strategy = *first;
    configuration.strategy_options = settings.strategy_options;
    for (const auto& name : settings.other_strategies) {
        auto other = strategy_named(name);
        if (!other)
            return other.propagate();
        configuration.other_strategies.push_back(*other);
    }
    for (const auto& planned : settings.switches) {
        auto to = strategy_named(planned.strategy);
        if (!to)
            return to.propagate();
        configuration.switches.push_back({ planned.at, *to });
    }
    return {};
}

// In parts, each but the last marked: there is more.
void send_snapshot(const GuestSnapshot& snapshot)
{
    auto bytes = encode(snapshot);
    std::span<const std::byte> rest = bytes;
    do {
        auto part = rest.first(std::min(rest.size(), largest_message - 1));
        rest = rest.subspan(part.size());
        std::vector<std::byte> body { static_cast<std::byte>(!rest.empty()) };
        body.insert(body.end(), part.begin(), part.end());
        if (!send_message(control, MessageKind::Snapshot, body))
            return;
    } while (!rest.empty());
}

Result<void> create_machine(Worker& worker)
{
    MachineConfiguration configuration;
    if (auto chosen = choose_strategies(worker.settings, configuration); !chosen)
        return chosen.propagate();
    configuration.boot = worker.settings.boot;
    configuration.memory_bytes = worker.settings.memory_bytes;
    configuration.disks = worker.settings.disks;
    configuration.clock = worker.settings.clock;
    configuration.console_output = [&worker](std::string_view text) { worker.serial->write(text); };
    configuration.debug_output = [&worker](char c) { worker.debug->write({ &c, 1 }); };
    configuration.paused_changed
        = [](bool paused) { (void)send_message(control, paused ? MessageKind::Paused : MessageKind::Resumed); };
    configuration.strategy_changed = [](const StrategyEntry& now) {
        (void)send_message(control, MessageKind::Switched, std::as_bytes(std::span { now.info().name }));
    };
    configuration.snapshot_taken = send_snapshot;
    auto machine = Machine::create(std::move(configuration), worker.trace->block());
    if (!machine)
        return machine.propagate();
    worker.machine = std::move(*machine);
    return {};
}

// Carries commands and input to the machine. It ends the process when the session is gone, whatever the guest is at.
class ControlThread {
public:
    explicit ControlThread(Worker& worker)
        : m_worker(worker)
    {
    }

    void loop()
    {
        for (;;) {
            // Input that the guest has no room for yet stays in the stream, so that whoever types is held up.
            bool full = m_worker.machine->console_input_waiting() > 0;
            if (full)
                m_worker.machine->console_input({});
            int input = full ? -1 : m_worker.input.get();
            std::array<pollfd, 2> descriptors { { { control, POLLIN, 0 }, { input, POLLIN, 0 } } };
            int ready = poll(descriptors.data(), descriptors.size(), full ? retry_milliseconds : -1);
            if (ready > 0 && descriptors[0].revents != 0)
                take_commands();
            if (ready > 0 && descriptors[1].revents != 0)
                take_input();
        }
    }

private:
    static constexpr int retry_milliseconds = 5;

    void take_commands()
    {
        for (;;) {
            Received received = receive_message(control);
            if (received.status == Received::Status::Nothing)
                return;
            if (received.status != Received::Status::Message)
                _exit(orphan_status);
            if (received.message.kind == MessageKind::Command && received.message.body.size() == 1)
                m_worker.machine->post(static_cast<Command>(received.message.body[0]));
            if (received.message.kind == MessageKind::Step)
                step(received.message.body);
            if (received.message.kind == MessageKind::Switch)
                change_strategy(received.message.body);
        }
    }

    // The session has checked that the run was set up for it.
    void change_strategy(std::span<const std::byte> name)
    {
        if (const auto* entry = find_strategy({ reinterpret_cast<const char*>(name.data()), name.size() }))
            (void)m_worker.machine->switch_to(*entry);
    }

    // A bit for each kind of event.
    void step(std::span<const std::byte> kinds)
    {
        EventSet until;
        for (std::size_t kind = 0; kind < event_kind_count && kind / 8 < kinds.size(); ++kind)
            until[kind] = (static_cast<unsigned>(kinds[kind / 8]) >> kind % 8 & 1) != 0;
        m_worker.machine->step(until);
    }

    void take_input()
    {
        std::array<char, 4096> text;
        ssize_t size = recv(m_worker.input.get(), text.data(), text.size(), MSG_DONTWAIT);
        if (size > 0)
            m_worker.machine->console_input({ text.data(), static_cast<std::size_t>(size) });
        else if (size == 0 || (errno != EAGAIN && errno != EINTR))
            m_worker.input.reset();
    }

    Worker& m_worker;
};

GuestPlace place_of(Machine& machine)
{
    CpuState state = machine.strategy().save();
    SymbolTable symbols(machine.kernel().symbols);
    return { state.eip, state.cpl(), (state.eflags & eflags::if_) != 0, state.halted, symbols.name_of(state.eip) };
}

uint64_t elapsed_ticks(Machine& machine)
{
    machine.engine().synchronize_virtual_time();
    const Recorder& recorder = machine.engine().recorder();
    return recorder.now() - recorder.block().first_instruction;
}

// One that runs its guest natively, if there is any: what such a worker may is more than what an interpreter's may.
const StrategyInfo& freest_strategy(Machine& machine)
{
    auto entries = machine.strategies().entries();
    auto native = std::ranges::find_if(
        entries, [](const auto* entry) { return runs_natively(entry->info().kernel_ring); });
    return native == entries.end() ? entries.front()->info() : (*native)->info();
}

// What a guest that breaks out would find: sockets to its session, its own account, its own memory. Returns why system
// calls are not filtered; "" when they are.
Result<std::string> confine(Worker& worker)
{
    auto obstacle = confinement_obstacle();
    const auto& strategy = freest_strategy(*worker.machine);
    bool is_native = runs_natively(strategy.kernel_ring);
    // An interpreter's worker has no use for guest memory but the mapping that it has.
    int guest_memory = is_native ? worker.machine->engine().memory().descriptor() : -1;
    std::vector descriptors { control, worker.input.get(), STDERR_FILENO, guest_memory };
    std::vector<int> disks;
    for (const Disk& disk : worker.machine->engine().disks())
        disks.push_back(disk.descriptor());
    descriptors.insert(descriptors.end(), disks.begin(), disks.end());
    auto files = worker.machine->strategies().files();
    for (const auto& file : files)
        descriptors.push_back(file.descriptor);
    ConfinementPlan plan { strategy.kernel_ring, descriptors, disks, files };

    if (auto confined = confine_process(plan); !confined)
        return confined.propagate();
    if (is_native && !obstacle.empty())
        return fail(ExitCode::Unavailable, "a guest that runs natively needs a sandbox: " + obstacle);
    std::thread([&worker] { ControlThread(worker).loop(); }).detach();
    if (auto confined = confine_system_calls(plan); !confined)
        return confined.propagate();
    return obstacle;
}

void send_translations(Machine& machine, TranslationsWanted wanted)
{
    auto listing = machine.strategy().translations();
    if (listing && wanted == TranslationsWanted::Counters) {
        listing->blocks.clear();
        listing->places.clear();
    }
    auto bytes = listing ? encode(*listing) : std::vector<std::byte> {};
    for (std::span<const std::byte> rest = bytes; !rest.empty();) {
        auto part = rest.first(std::min(rest.size(), largest_message));
        if (!send_message(control, MessageKind::Translations, part))
            return;
        rest = rest.subspan(part.size());
    }
}

int run(Worker& worker)
{
    if (worker.settings.start_paused)
        worker.machine->post(Command::Pause);
    // Before a worker that only interprets gives the descriptor up.
    std::array memory { worker.machine->engine().memory().descriptor() };
    (void)send_message(control, MessageKind::Memory, {}, memory);
    auto unconfined_because = confine(worker);
    if (!unconfined_because)
        refuse(unconfined_because.error());
    (void)send_message(control, MessageKind::Ready, std::as_bytes(std::span { *unconfined_because }));

    WorkerReport report;
    report.result = worker.machine->run();
    report.elapsed = elapsed_ticks(*worker.machine);
    if (report.result.outcome == Outcome::Stopped)
        report.place = place_of(*worker.machine);
    report.screen = worker.machine->platform().vga().snapshot();
    if (auto compare = worker.machine->strategies().entry().discrepancies)
        report.discrepancies = compare(worker.machine->engine(), worker.machine->strategy().save());
    if (worker.settings.translations != TranslationsWanted::None)
        send_translations(*worker.machine, worker.settings.translations);
    (void)send_message(control, MessageKind::Ended, encode(report));
    // The control thread still uses the machine, and everything that matters has been said.
    _exit(0);
}

int run_worker()
{
    auto worker = std::make_unique<Worker>();
    auto ready = take_settings(*worker);
    if (ready)
        ready = create_machine(*worker);
    if (!ready)
        refuse(ready.error());
    return run(*worker);
}

}

std::optional<int> run_worker_if_asked(int argc, char** argv)
{
    if (argc != 4 || std::string_view { argv[1] } != "worker")
        return std::nullopt;
    prepare_process(static_cast<pid_t>(std::strtol(argv[2], nullptr, 10)));
    return run_worker();
}

}
