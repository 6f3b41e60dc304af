// Machine: one virtual PC. It owns memory, devices, clock and trace, and lets a strategy execute the guest.
//
// The thread that calls run() is the vCPU's; post() and console_input() may be called from any other.
#pragma once

#include "core/devices/platform.hpp"
#include "core/machine/alarm.hpp"
#include "core/machine/clock.hpp"
#include "core/machine/engine.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/machine/guest_snapshot.hpp"
#include "core/machine/multiboot.hpp"
#include "core/machine/step.hpp"
#include "core/machine/strategy_options.hpp"
#include "core/machine/strategy_set.hpp"
#include "core/machine/timer_queue.hpp"
#include "core/trace/recorder.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

struct PlannedSwitch {
    Nanoseconds at = 0; // guest time since run(); no earlier than the one before it in a list
    const StrategyEntry* to = nullptr;
};

struct MachineConfiguration {
    const StrategyEntry* strategy = nullptr;               // which begins
    std::vector<const StrategyEntry*> other_strategies {}; // that the run may change to; those of `switches` go without saying
    std::vector<PlannedSwitch> switches {};
    StrategyOptions strategy_options {};
    BootRequest boot;
    uint64_t memory_bytes = 32 * mebibyte;
    std::vector<std::string> disks; // paths of images
    ClockKind clock = ClockKind::Host;
    // Both on the vCPU's thread, between instructions of the guest. May be empty.
    std::function<void(std::string_view)> console_output; // COM1
    std::function<void(char)> debug_output;               // port 0xE9
    std::function<void(bool paused)> paused_changed;      // a Pause or Resume has been carried out; on the vCPU's thread
    std::function<void(const StrategyEntry&)> strategy_changed; // this one has the guest now; on the vCPU's thread
    std::function<void(const GuestSnapshot&)> snapshot_taken; // that Command::Snapshot asked for; on the vCPU's thread
};

// How a run ended. Values are in messages between processes: append-only.
enum class Outcome : uint8_t {
    Success,      // debug-exit 0, or halted for good
    GuestFailed,  // debug-exit with another value
    TripleFault,
    Reset,        // the guest asked for a reset
    Stopped,      // by a command
    Failed,       // the strategy cannot go on with this guest
};

struct RunResult {
    Outcome outcome = Outcome::Success;
    uint32_t code = 0;  // what the guest wrote to the debug-exit port
    std::string reason; // one line for people; the first fatal reason
};

ExitCode exit_code(const RunResult& result);
std::string_view outcome_name(Outcome outcome);

// Snapshot and Pause are carried out between two instructions of the guest. A machine that is paused answers, too.
enum class Command : uint8_t { Pause, Resume, Stop, Snapshot };

class Machine {
public:
    // Loads the guest: BadImage, Usage or Unavailable errors. `trace` outlives the machine.
    static Result<std::unique_ptr<Machine>> create(MachineConfiguration configuration, TraceBlock& trace);
    ~Machine();

    // Runs the guest to its end. Once.
    RunResult run();

    // From any thread: act on `command` soon. A command to a machine that has ended does nothing.
    void post(Command command);
    // From any thread: the guest goes on, if it is paused, and is paused when one of these events has been recorded, as soon
    // as it is between two instructions. Only while recording. Another step, a pause or a resumption takes its place.
    void step(const EventSet& until);
    // From any thread: `strategy` runs the guest soon, from an instruction on at which the one that runs it now can stop. The
    // guest does not notice. Any number of times; of requests in quick succession the last counts; a machine that is paused
    // changes when it goes on. Usage: the run was not set up for that strategy.
    Result<void> switch_to(const StrategyEntry& strategy);
    // From any thread: characters typed at the serial console, in order, none lost.
    void console_input(std::string_view text);
    // From any thread: how much of it the serial port has had no room for yet. It is offered again whenever the machine is
    // attended to, by a further console_input() at the latest.
    std::size_t console_input_waiting();

    // On the vCPU's thread, or while it does not run.
    Engine& engine() { return *m_engine; }
    Platform& platform() { return *m_platform; }
    Strategy& strategy() { return m_strategies.strategy(); } // that has the guest now
    const StrategySet& strategies() const { return m_strategies; }
    const LoadedKernel& kernel() const { return m_kernel; }
    bool paused() const { return m_paused; }

private:
    Machine(MachineConfiguration configuration, GuestMemory memory, TraceBlock& trace);
    Result<void> assemble();
    Result<void> open_disks();
    static std::vector<const StrategyEntry*> strategies_of(const MachineConfiguration& configuration);
    Result<void> create_strategies();
    void begin_switches();
    void arm_next_switch();
    void change_strategy();
    const StrategyInfo& strategy_info() const { return m_strategies.entry().info(); }

    void end(Outcome outcome, std::string reason, uint32_t code = 0);
    void service();             // commands, input and timers that are due
    void take_commands();       // returns when the machine is not paused
    // Other commands have no events.
    struct Request {
        Command command = Command::Resume;
        EventSet until {};
    };
    void post(Request request);
    void carry_out(const Request& request);
    void pause();
    void resume();
    GuestSnapshot snapshot();
    void offer_input();
    void offer_input(std::unique_lock<std::mutex>& lock);
    void wait_for_interrupt();  // HLT
    void handle(const Exit& exit);
    void inject_interrupt(uint64_t begin);
    void wake();

    MachineConfiguration m_configuration;
    GuestMemory m_memory;
    Recorder m_recorder;
    VirtualClock m_virtual_clock;
    HostClock m_host_clock;
    std::unique_ptr<Alarm> m_alarm; // host clock only
    TimerQueue m_timers;
    std::vector<Disk> m_disks;
    std::unique_ptr<Platform> m_platform;
    std::unique_ptr<Engine> m_engine;
    StrategySet m_strategies;
    LoadedKernel m_kernel;

    std::mutex m_mutex; // guards the next two, and orders m_attention
    std::condition_variable m_changed;
    std::vector<Request> m_commands;
    std::string m_input;
    std::atomic<bool> m_attention { false }; // commands or input wait, or a timer is due

    std::string m_typed; // taken from m_input, not yet by the serial port
    TimerId m_input_timer = 0;
    TimerId m_switch_timer = 0;
    std::size_t m_next_switch = 0; // of the configuration's
    Nanoseconds m_run_began = 0;
    bool m_step_done = false; // the event of step() has been recorded, and the machine is not paused yet
    bool m_was_paused = false; // since the exit began that is being handled
    bool m_paused = false;
    bool m_ended = false;
    RunResult m_result;
};

}
