#include "bench/support/guest.hpp"

#include "core/session/session.hpp"
#include "core/trace/totals.hpp"
#include "core/trace/trace_file.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace ringside {

namespace {

// A run's console is looked at as often on each machine: looking takes something of the host, too.
constexpr auto between_looks = std::chrono::milliseconds { 1 };

std::string image(const std::string& name)
{
    return build_folder() + "/guests/" + name + ".elf";
}

std::string command_line(const Workload& workload)
{
    auto hertz = workload.hertz == ticks_per_second ? "" : fmt::format(" hz={}", workload.hertz);
    return fmt::format("run={} bench=1 {}{}", workload.name, workload.arguments, hertz);
}

// The stack of a program begins below its text, and where it lies within a cache line counts: the text is as long on each
// machine, by blanks.
std::string even_command_line(const Workload& workload, const std::string& kernel)
{
    const auto longest = std::string_view { "bantam-pv" }.size();
    return command_line(workload) + std::string(longest - kernel.size(), ' ');
}

// As bantam puts it together of what it gets from the loader.
std::string text_of_program(const Workload& workload)
{
    return fmt::format("{} {} {}", image(workload.module), image("bantam"), even_command_line(workload, "bantam"));
}

std::vector<std::string> arguments_for(Machines machine, const Workload& workload)
{
    std::vector<std::string> arguments;
    if (machine == Machines::Qemu) {
        arguments = { "qemu-system-i386", "-accel", "tcg", "-m", "32", "-kernel", image("bantam"), "-append",
            command_line(workload), "-serial", "stdio", "-display", "none", "-monitor", "none", "-no-reboot", "-nic", "none",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4" };
        if (!workload.module.empty())
            arguments.insert(arguments.end(), { "-initrd", image(workload.module) });
        return arguments;
    }
    if (machine == Machines::HostProgram || machine == Machines::HostProgramWithSignals) {
        arguments = { build_folder() + "/native-programs/host-program", image(workload.module), text_of_program(workload) };
        if (machine == Machines::HostProgramWithSignals)
            arguments.push_back(std::to_string(workload.hertz));
        return arguments;
    }
    arguments = { build_folder() + "/bare-unicorn" };
    arguments.insert(arguments.end(), { image("bantam"), command_line(workload) });
    if (!workload.module.empty())
        arguments.push_back(image(workload.module));
    return arguments;
}

[[noreturn]] void become(const std::vector<std::string>& arguments, int output)
{
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    std::vector<char*> pointers;
    for (const auto& argument : arguments)
        pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    execvp(pointers[0], pointers.data());
    _exit(127);
}

Result<GuestTiming> run_program(const std::vector<std::string>& arguments)
{
    std::array<int, 2> ends {};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        return fail(ExitCode::Internal, "no pipe");
    pid_t child = fork();
    if (child == 0)
        become(arguments, ends[1]);
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    GuestTiming timing;
    std::array<char, 4096> text;
    for (ssize_t size = 0; (size = read(ends[0], text.data(), text.size())) != 0;) {
        if (size > 0)
            timing.lines.take({ text.data(), static_cast<std::size_t>(size) }, now_of_process(child));
        else if (errno == EAGAIN)
            std::this_thread::sleep_for(between_looks);
        else
            break;
    }
    close(ends[0]);
    waitpid(child, nullptr, 0);
    return timing;
}

std::string strategy_of(Machines machine)
{
    switch (machine) {
    case Machines::RingsideRewriting:
        return "rewriting";
    case Machines::RingsideTrap:
        return "trap";
    case Machines::RingsideParavirt:
        return "paravirt";
    default:
        return "emulation";
    }
}

SessionConfiguration configuration_for(Machines machine, const Workload& workload)
{
    SessionConfiguration configuration;
    configuration.name = workload.name;
    configuration.strategy = strategy_of(machine);
    std::string kernel = machine == Machines::RingsideParavirt ? "bantam-pv" : "bantam";
    configuration.boot.kernel_path = image(kernel);
    configuration.boot.command_line = even_command_line(workload, kernel);
    if (!workload.module.empty())
        configuration.boot.modules.push_back({ image(workload.module), "" });
    configuration.recording = machine == Machines::RingsideRecording;
    configuration.worker_program = build_folder() + "/ringside";
    return configuration;
}

// What `ringside run --trace` does with the events, into a file in memory.
class Sink {
public:
    explicit Sink(bool wanted)
        : m_path(wanted ? fmt::format("/dev/shm/ringside-bench-{}.rst", getpid()) : "")
    {
    }
    ~Sink()
    {
        if (!m_path.empty())
            std::filesystem::remove(m_path);
    }
    void drain(Session& session)
    {
        if (m_path.empty())
            return;
        if (!m_writer) {
            if (auto writer = TraceWriter::create(m_path, {}))
                m_writer.emplace(std::move(*writer));
        }
        m_events.clear();
        session.trace().drain(m_events, 1 << 14);
        if (m_writer)
            (void)m_writer->append(m_events);
    }

private:
    std::string m_path;
    std::optional<TraceWriter> m_writer;
    std::vector<EventRecord> m_events;
};

// The session's way to the console is polled closely, so that a line is timed when it is said: `ringside run` looks
// every few milliseconds only, which is good for people and bad for clocks.
Result<GuestTiming> run_session(Machines machine, const Workload& workload)
{
    uint64_t start = __rdtsc();
    auto session = Session::start(configuration_for(machine, workload));
    if (!session)
        return session.propagate();
    pid_t worker = (*session)->worker();
    GuestTiming timing;
    Sink sink(machine == Machines::RingsideRecording);
    std::string text;
    for (bool ended = false; !ended;) {
        ended = (*session)->ended();
        text.clear();
        if ((*session)->take_console(text) > 0)
            timing.lines.take(text, now_of_process(worker));
        sink.drain(**session);
        (*session)->wait(std::chrono::milliseconds { 0 });
        std::this_thread::sleep_for(between_looks);
    }
    auto totals = totals_of((*session)->trace().block(), 0);
    const auto& scale = totals.scale;
    timing.interrupts = totals.counters[static_cast<std::size_t>(EventKind::ExternalInterrupt)].count;
    timing.signals = static_cast<double>(totals.host) / static_cast<double>(scale.ticks_per_second);
    timing.until_first_instruction = static_cast<double>(scale.nanoseconds(scale.origin - start)) * 1e-9;
    if (!workload.may_fail && exit_code((*session)->end()) != ExitCode::Success)
        return fail(ExitCode::Internal, fmt::format("{} ended badly: {}", workload.name, (*session)->end().result.reason));
    return timing;
}

}

std::string build_folder()
{
    return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

Result<GuestTiming> run_guest(Machines machine, const Workload& workload)
{
    switch (machine) {
    case Machines::Qemu:
    case Machines::Bare:
    case Machines::HostProgram:
    case Machines::HostProgramWithSignals:
        return run_program(arguments_for(machine, workload));
    default:
        return run_session(machine, workload);
    }
}

}
