#include "core/session/worker_process.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace ringside {

namespace {

// posix_spawn's two descriptions of what the child starts with.
struct SpawnPlan {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    explicit SpawnPlan(int control)
    {
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_adddup2(&files, control, WorkerProcess::control_descriptor);
        posix_spawn_file_actions_addclosefrom_np(&files, WorkerProcess::control_descriptor + 1);

        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;
    ~SpawnPlan()
    {
        posix_spawn_file_actions_destroy(&files);
        posix_spawnattr_destroy(&attributes);
    }
};

std::string signal_name(int signal)
{
    const char* name = sigabbrev_np(signal);
    return name ? fmt::format("SIG{} ({})", name, signal) : fmt::format("signal {}", signal);
}

}

std::string describe(const ProcessEnd& end)
{
    if (end.signal != 0)
        return "worker killed by " + signal_name(end.signal);
    if (end.status < 0)
        return "worker ended";
    return fmt::format("worker exited with status {}", end.status);
}

Result<WorkerProcess> WorkerProcess::spawn(const std::string& program, const std::string& name, Descriptor control)
{
    // Were the socket's number one that the child gets something else at, the child would lose it.
    if (control.get() < control_descriptor)
        control = Descriptor { fcntl(control.get(), F_DUPFD_CLOEXEC, control_descriptor) };
    SpawnPlan plan(control.get());
    // The kernel's "parent" is the thread that started the child: when that is not the main thread, the session may
    // well outlive it.
    bool main_thread = gettid() == getpid();
    std::string parent = std::to_string(main_thread ? getpid() : 0);
    std::string words[] = { "ringside", "worker", parent, name };
    char* arguments[] = { words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr };

    pid_t pid = -1;
    int error = posix_spawn(&pid, program.c_str(), &plan.files, &plan.attributes, arguments, environ);
    if (error != 0)
        return fail(ExitCode::Unavailable, fmt::format("cannot start a worker process: {}", std::strerror(error)),
            error == ENOENT ? "is /proc mounted?" : "");
    return WorkerProcess { pid };
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : m_pid(std::exchange(other.m_pid, -1))
    , m_end(other.m_end)
{
}

WorkerProcess::~WorkerProcess()
{
    kill();
    collect(std::chrono::milliseconds { 0 });
}

void WorkerProcess::kill()
{
    if (m_pid > 0 && !m_end)
        ::kill(m_pid, SIGKILL);
}

bool WorkerProcess::try_collect(int options)
{
    int status = 0;
    pid_t collected = 0;
    do {
        collected = waitpid(m_pid, &status, options);
    } while (collected < 0 && errno == EINTR);
    if (collected == 0)
        return false;
    if (collected < 0)
        m_end = ProcessEnd { 0, -1 };
    else if (WIFSIGNALED(status))
        m_end = ProcessEnd { WTERMSIG(status), 0 };
    else
        m_end = ProcessEnd { 0, WEXITSTATUS(status) };
    return true;
}

ProcessEnd WorkerProcess::collect(std::chrono::milliseconds patience)
{
    if (m_pid <= 0)
        return { 0, -1 };
    auto give_up = std::chrono::steady_clock::now() + patience;
    while (!m_end && !try_collect(WNOHANG)) {
        if (std::chrono::steady_clock::now() >= give_up) {
            kill();
            try_collect(0);
        } else {
            std::this_thread::sleep_for(std::chrono::microseconds { 200 });
        }
    }
    return *m_end;
}

}
