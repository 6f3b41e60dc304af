// WorkerProcess: the child process that runs one VM (DESIGN section 7). It is always killed and reaped by the end of
// this object, so that neither a process nor a zombie is left behind.
#pragma once

#include "core/result.hpp"
#include "core/session/descriptor.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>

namespace ringside {

// What became of a process.
struct ProcessEnd {
    int signal = 0; // that killed it, or 0
    int status = 0; // its exit status, if no signal did; -1 when somebody else has collected it
};
// "worker killed by SIGSEGV (11)", "worker exited with status 3"
std::string describe(const ProcessEnd& end);

class WorkerProcess {
public:
    // In the child the control socket has this number, and nothing else is open but the standard descriptors: input and
    // output are /dev/null, errors are ours.
    static constexpr int control_descriptor = 3;

    // Starts `PROGRAM worker ...` in a process group of its own, so that Ctrl-C reaches only the session. `name` is for
    // `ps`. The child dies with the calling thread if that is the main thread, and in any case when `control`'s other
    // end is closed.
    static Result<WorkerProcess> spawn(const std::string& program, const std::string& name, Descriptor control);

    WorkerProcess(WorkerProcess&& other) noexcept;
    WorkerProcess& operator=(WorkerProcess&&) = delete;
    ~WorkerProcess();

    pid_t pid() const { return m_pid; }
    void kill();
    // Waits for the end of a process that is about to end; kills it when `patience` is over. Calling again gives the
    // same.
    ProcessEnd collect(std::chrono::milliseconds patience);

private:
    explicit WorkerProcess(pid_t pid)
        : m_pid(pid)
    {
    }
    bool try_collect(int options);

    pid_t m_pid = -1;
    std::optional<ProcessEnd> m_end;
};

}
