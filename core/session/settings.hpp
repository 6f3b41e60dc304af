// What a session is asked to run, and how that reaches the worker.
#pragma once

#include "core/machine/clock.hpp"
#include "core/machine/guest_memory.hpp"
#include "core/machine/multiboot.hpp"
#include "core/machine/strategy_options.hpp"
#include "core/result.hpp"
#include "core/session/descriptor.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringside {

// A change of strategy that is decided before the run.
struct SwitchSetting {
    Nanoseconds at = 0; // guest time since the first instruction; later than that of the one before
    std::string strategy;
    bool operator==(const SwitchSetting&) const = default;
};

// What Session::translations() is to give, once the guest has ended.
enum class TranslationsWanted : uint8_t { None, Counters, All };

struct SessionConfiguration {
    std::string name; // what people call this VM; also shown by `ps`
    std::string strategy = "emulation";
    std::vector<std::string> other_strategies; // that Session::switch_to() may ask for; those of `switches` go without saying
    std::vector<SwitchSetting> switches;
    BootRequest boot;
    uint64_t memory_bytes = 32 * mebibyte;
    std::vector<std::string> disks; // paths of raw images
    ClockKind clock = ClockKind::Host;
    bool start_paused = false;
    bool recording = false;                           // from the guest's first instruction on
    bool exact_rings = false;                         // count every ring change although nothing is recorded
    TranslationsWanted translations = TranslationsWanted::None;
    StrategyOptions strategy_options {};
    uint32_t trace_capacity = 1 << 16;                // records; a power of two
    std::optional<std::chrono::milliseconds> timeout; // of real time, pauses included; then the guest is stopped
    std::string worker_program = "/proc/self/exe";    // a program that calls run_worker_if_asked() (worker.hpp)
};

// The part of it that concerns the worker, in a memfd, because a command line may be longer than a message.
struct WorkerSettings {
    std::string strategy;
    BootRequest boot;
    uint64_t memory_bytes = 0;
    std::vector<std::string> disks = {};
    ClockKind clock = ClockKind::Host;
    bool start_paused = false;
    std::vector<std::string> other_strategies = {};
    std::vector<SwitchSetting> switches = {};
    TranslationsWanted translations = TranslationsWanted::None;
    StrategyOptions strategy_options {};

    static WorkerSettings from(const SessionConfiguration&);
    bool operator==(const WorkerSettings&) const;
};

Result<Descriptor> write_settings(const WorkerSettings&);
Result<WorkerSettings> read_settings(const Descriptor&);

// The descriptors that the Setup message carries, in this order.
enum SetupDescriptor : unsigned {
    SettingsDescriptor,
    TraceDescriptor,
    ConsoleDescriptor,
    InputDescriptor,
    AccountDescriptor,
    SetupDescriptorCount
};

}
