// How a session comes to be: shared memory, sockets, the worker process, its answer.
#include "core/session/session.hpp"

#include <array>
#include <sys/socket.h>
#include <utility>

namespace ringside {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto longest_setup = 30'000ms;

// Under the virtual clock a run is to give the same trace each time, so its events wait for room instead of being
// dropped.
Result<TraceMemory> create_trace(const SessionConfiguration& configuration)
{
    bool reproducible = configuration.clock == ClockKind::Virtual;
    auto trace = TraceMemory::create(configuration.trace_capacity,
        reproducible ? TickSource::Manual : TickSource::TimeStampCounter,
        reproducible ? Overflow::Wait : Overflow::Drop);
    if (trace) {
        trace->block().recording.store(configuration.recording);
        trace->block().exact_rings.store(configuration.exact_rings);
    }
    return trace;
}

std::vector<std::string> strategies_of(const SessionConfiguration& configuration)
{
    std::vector<std::string> names { configuration.strategy };
    names.insert(names.end(), configuration.other_strategies.begin(), configuration.other_strategies.end());
    for (const auto& planned : configuration.switches)
        names.push_back(planned.strategy);
    return names;
}

}

struct Session::Parts {
    WorkerProcess worker;
    Descriptor control;
    Descriptor input;
    TraceMemory trace;
    ConsoleMemory console;
    WorkerAccount account;
    std::vector<std::string> strategies;
};

Session::Session(Parts parts)
    : m_worker(std::move(parts.worker))
    , m_control(std::move(parts.control))
    , m_input(std::move(parts.input))
    , m_trace(std::move(parts.trace))
    , m_console(std::move(parts.console))
    , m_account(std::move(parts.account))
    , m_serial(m_console.block().serial)
    , m_debug(m_console.block().debug)
    , m_strategies(std::move(parts.strategies))
    , m_strategy(m_strategies.front())
{
}

Result<Session::Parts> Session::assemble(const SessionConfiguration& configuration)
{
    auto trace = create_trace(configuration);
    if (!trace)
        return trace.propagate();
    auto console = ConsoleMemory::create();
    if (!console)
        return console.propagate();
    auto account = WorkerAccount::create();
    if (!account)
        return account.propagate();
    auto settings = write_settings(WorkerSettings::from(configuration));
    if (!settings)
        return settings.propagate();
    auto control = SocketPair::create(SOCK_SEQPACKET);
    auto input = SocketPair::create(SOCK_STREAM);
    if (!control.ours || !input.ours)
        return fail(ExitCode::Unavailable, "cannot connect to a worker process: no more file descriptors");

    auto worker = WorkerProcess::spawn(configuration.worker_program, configuration.name, std::move(control.theirs));
    if (!worker)
        return worker.propagate();
    std::array<int, SetupDescriptorCount> descriptors {};
    descriptors[SettingsDescriptor] = settings->get();
    descriptors[TraceDescriptor] = trace->descriptor();
    descriptors[ConsoleDescriptor] = console->descriptor();
    descriptors[InputDescriptor] = input.theirs.get();
    descriptors[AccountDescriptor] = account->descriptor();
    // Should this fail, then because the worker is gone, and set_up() sees how.
    (void)send_message(control.ours.get(), MessageKind::Setup, {}, descriptors);
    return Parts { std::move(*worker), std::move(control.ours), std::move(input.ours), std::move(*trace),
        std::move(*console), std::move(*account), strategies_of(configuration) };
}

Result<std::unique_ptr<Session>> Session::start(const SessionConfiguration& configuration)
{
    auto parts = assemble(configuration);
    if (!parts)
        return parts.propagate();
    std::unique_ptr<Session> session(new Session(std::move(*parts)));
    session->m_memory_bytes = configuration.memory_bytes;
    session->m_wants_listing = configuration.translations != TranslationsWanted::None;
    if (auto ready = session->set_up(longest_setup); !ready)
        return ready.propagate();
    if (configuration.timeout)
        session->m_deadline = steady_clock::now() + *configuration.timeout;
    return session;
}

Result<void> Session::set_up(Milliseconds patience)
{
    auto give_up = steady_clock::now() + patience;
    while (!m_ready && !m_setup_error && !ended()) {
        if (steady_clock::now() >= give_up)
            return fail(ExitCode::Internal, "the worker process does not answer");
        poll(100ms, {});
    }
    if (m_setup_error)
        return Unexpected { *m_setup_error };
    if (ended() && !m_ready)
        return fail(ExitCode::Internal, "the guest could not be set up: " + m_end.result.reason);
    return {};
}

}
