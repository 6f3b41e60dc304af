// WorkerAccount: what a worker leaves behind besides its messages, for the session to tell why it ended: the system call
// that its sandbox refused, and what was written to its standard error (a failed VERIFY, the last words of a library).
//
// It is memory, and not a message or a file: a process that may no longer do anything else can still write there, and a
// guest that has broken out finds nothing behind it to write to. The session takes all of it for hostile: what a guest
// has forged here can claim something wrong about its own worker, in one line, and do nothing else.
#pragma once

#include "core/result.hpp"
#include "core/session/shared_memory.hpp"

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace ringside {

struct AccountBlock {
    static constexpr std::size_t capacity = 16 * 1024;

    // A refused system call in one word, so that it is there whole or not at all; 0: none.
    //
    //     63       62     61..32    31..0
    //   refused   i386      0      number
    std::atomic<uint64_t> refused;
    char words[capacity]; // zeros behind the last one written
};

// A system call that the sandbox did not let a worker make.
struct RefusedCall {
    uint32_t number = 0;
    bool is_i386 = false; // made through the host's 32-bit entry: INT 80h, SYSENTER or 32-bit SYSCALL

    bool operator==(const RefusedCall&) const = default;
};
// "system call 41 (socket)", "32-bit system call 4 (write)", "system call 123456"
std::string describe(const RefusedCall& call);

class WorkerAccount {
public:
    static Result<WorkerAccount> create();
    static Result<WorkerAccount> open(Descriptor descriptor);

    int descriptor() const { return m_memory.descriptor(); }
    AccountBlock& block() { return *static_cast<AccountBlock*>(m_memory.data()); }

    // The worker: from now on its standard error goes here, and a call that the sandbox refuses is written down and ends
    // the process (SIGSYS). Once a process; this object stays for good. The descriptor is closed: standard error is the
    // one that remains.
    void adopt();

    // The session, at any time.
    std::optional<RefusedCall> refused() const;
    // Lines without control characters; "" when the worker had nothing to say.
    std::string words() const;
    std::string last_line() const;

private:
    explicit WorkerAccount(SharedMemory memory)
        : m_memory(std::move(memory))
    {
    }

    SharedMemory m_memory;
};

// For handlers of SIGSYS: writes down which call was refused and ends the process. Async-signal-safe; needs no lock, no
// memory and no thread-local storage.
[[noreturn]] void end_refused(const siginfo_t& information);

}
