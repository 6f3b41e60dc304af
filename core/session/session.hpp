// Session: one virtual machine in a worker process of its own, as its owner sees it (DESIGN section 7). The command
// line, the visualizer, the graders and the tests all run guests through this class.
//
//   session process                                   worker process
//     Session ---- control socket: messages ---------- control thread --> Machine (the main thread is the vCPU's)
//             ---- input stream: what is typed ------->
//             <--- ConsoleMemory: what the guest says -
//             <--- TraceMemory: counters and events ---
//             <--- WorkerAccount: why it died ---------
//
// A session is used by one thread. Nothing in it blocks but start(), wait() and stop(), each with a bound. Everything a
// worker does is taken for hostile; what is left of a worker that died can still be read: its last words, its counters,
// its last events.
#pragma once

#include "core/machine/step.hpp"
#include "core/session/console_memory.hpp"
#include "core/session/listing_codec.hpp"
#include "core/session/message.hpp"
#include "core/session/outcome.hpp"
#include "core/session/settings.hpp"
#include "core/session/snapshot_codec.hpp"
#include "core/session/worker_account.hpp"
#include "core/session/worker_process.hpp"
#include "core/trace/recorder.hpp"

#include <chrono>
#include <memory>
#include <poll.h>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

class Session {
public:
    enum class State : uint8_t { Running, Paused, Ended };
    using Milliseconds = std::chrono::milliseconds;
    using Time = std::chrono::steady_clock::time_point;

    // Returns when the guest is loaded and runs (or is paused before its first instruction), or why that cannot be: the
    // errors of Machine::create() come through from the worker as they are.
    static Result<std::unique_ptr<Session>> start(const SessionConfiguration& configuration);
    // Kills a worker that still runs.
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    State state() const { return m_state; }
    bool ended() const { return m_state == State::Ended; }
    // Once ended().
    const SessionEnd& end() const { return m_end; }
    pid_t worker() const { return m_worker.pid(); }
    // Why the worker is not confined, where the host cannot do that; else "".
    const std::string& unconfined_because() const { return m_unconfined_because; }

    // Requests; state() follows a moment later, seen by wait().
    void pause();
    void resume();
    void request_stop();
    // From a pause: the guest goes on and is paused when it has done one such step. Once asked for, state() is Running until
    // the guest is paused again. Usage: the guest is not paused, events are not being recorded, or the strategy cannot.
    // A guest that never comes to it runs until pause() or its end.
    Result<void> step(StepKind kind);
    // From a pause or not: the guest goes on, and is paused when the next event of this kind has been recorded. As step().
    Result<void> run_to(EventKind kind);
    // How the machine is, between two instructions: snapshot() follows a moment later, seen by wait(). A guest that is paused
    // answers as well; one request waits at a time.
    void request_snapshot();
    const std::optional<GuestSnapshot>& snapshot() const { return m_snapshot; }
    uint64_t snapshots_taken() const { return m_snapshots_taken; }
    // The same for a change of strategy; strategy() follows. Usage: the configuration names no such strategy.
    Result<void> switch_to(std::string_view strategy);
    // The name of the strategy that has the guest, or had it last.
    const std::string& strategy() const { return m_strategy; }
    // Returns with the session ended: asks, and kills when the guest has not stopped after `patience`. Console text
    // that was not taken stays to be taken.
    void stop(Milliseconds patience = Milliseconds { 2000 });
    // Returns with the session ended.
    void kill();

    // Lets `timeout` pass, or less: until the state changes, until there is console text to take (if `console` says
    // so), or until one of `others` is ready (their revents are set, as by poll(2)). With a timeout of 0 it only looks.
    enum class Console : uint8_t { Wake, Ignore };
    void wait(Milliseconds timeout, Console console = Console::Wake, std::span<pollfd> others = {});

    // What the guest has said on its serial console and on port 0xE9, exactly: appended to `out`, at most `limit`
    // bytes. Still possible after the end. When nobody takes text, the guest waits once 64 KiB are held.
    std::size_t take_console(std::string& out, std::size_t limit = SIZE_MAX);
    std::size_t take_debug_output(std::string& out, std::size_t limit = SIZE_MAX);

    // What is typed at the serial console: returns how much was accepted, which is less than all of it when the guest
    // does not read. input_descriptor() is writable when there is room again; -1 after the end of input.
    std::size_t type(std::string_view text);
    void end_input();
    int input_descriptor() const { return m_input.get(); }

    // What the guest has in its memory, while it runs or after its end; null if the worker has not shown it. Read-only:
    // nothing may be written to it, and a walk must leave accessed and dirty flags.
    GuestMemory* memory() { return m_memory ? &*m_memory : nullptr; }

    // What the worker has written to its standard error, as lines: a worker in good health is silent.
    std::string worker_words() const { return m_account.words(); }

    // Once ended(): what the strategy that had the guest last has translated, if the configuration asked for it and the
    // worker has told.
    std::optional<TranslationListing> translations() const { return decode_listing(m_listing); }

    // Counters, and the events if recording: see TraceMemory for what holds while the guest runs.
    TraceMemory& trace() { return m_trace; }

private:
    struct Parts;
    explicit Session(Parts parts);
    static Result<Parts> assemble(const SessionConfiguration& configuration);
    Result<void> set_up(Milliseconds patience);

    void poll(Milliseconds timeout, std::span<pollfd> others);
    bool text_waits() const;
    std::size_t took(std::size_t bytes);
    void receive();
    void take_message(Message& message);
    void take_strategy(std::string name);
    void take_listing(std::span<const std::byte> part);
    void take_memory(Message& message);
    void take_snapshot(std::span<const std::byte> part);
    Result<void> go_on_to(const EventSet& until);
    void break_off(std::string reason);
    void finish();
    SessionEnd end_of(const WorkerReport& report) const;
    SessionEnd end_of(const ProcessEnd& process) const;
    std::string cause_of_death(const ProcessEnd& process) const;
    SessionEnd::Cause stop_cause() const
    {
        return m_timed_out ? SessionEnd::Cause::Timeout : SessionEnd::Cause::Command;
    }
    void check_deadline();
    Milliseconds until_deadline(Milliseconds timeout) const;
    void keep_console();

    WorkerProcess m_worker;
    Descriptor m_control;
    Descriptor m_input;
    TraceMemory m_trace;
    ConsoleMemory m_console;
    WorkerAccount m_account;
    ConsoleReader m_serial;
    ConsoleReader m_debug;
    std::string m_kept_serial; // taken out of shared memory so that the guest can stop; not yet taken by the owner
    std::string m_kept_debug;

    bool m_wants_listing = false;
    std::vector<std::byte> m_listing; // encoded; what has come of it
    uint64_t m_memory_bytes = 0;
    std::optional<GuestMemory> m_memory;
    bool m_wants_snapshot = false;
    std::vector<std::byte> m_snapshot_parts;
    std::optional<GuestSnapshot> m_snapshot;
    uint64_t m_snapshots_taken = 0;
    std::vector<std::string> m_strategies; // those of the configuration
    std::string m_strategy;
    State m_state = State::Running;
    Milliseconds m_look_again { 1 }; // for console text
    std::optional<Time> m_deadline;
    bool m_timed_out = false;
    bool m_stopping = false;
    std::optional<WorkerReport> m_report;
    std::optional<Error> m_setup_error;
    bool m_ready = false;
    std::string m_unconfined_because;
    SessionEnd m_end;
};

}
