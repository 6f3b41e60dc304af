// How a session ended, and the form in which a worker reports it.
#pragma once

#include "core/devices/vga_text.hpp"
#include "core/machine/machine.hpp"
#include "core/machine/strategy.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ringside {

// Where the guest was when it was stopped.
struct GuestPlace {
    uint32_t eip = 0;
    unsigned ring = 0;
    bool interrupts_enabled = false;
    bool halted = false;
    std::string symbol; // "idle+0x4", or "" when the kernel has no symbol there

    bool operator==(const GuestPlace&) const = default;
};
// "eip 0x00101234 (idle+0x4), ring 0, interrupts off"
std::string describe(const GuestPlace& place);

struct SessionEnd {
    enum class Cause : uint8_t {
        Guest,   // the run ended by itself; `result` says how
        Command, // stopped or killed by this session
        Timeout, // the configuration's timeout was over
        Died,    // the worker process died, or broke the protocol
    };
    Cause cause = Cause::Guest;
    RunResult result;                         // `reason` is set whatever the cause
    std::optional<GuestPlace> place;          // where the guest was stopped, unless it had to be killed
    int signal = 0;                           // Died: the signal that killed the worker, or 0
    uint64_t elapsed = 0;                     // trace ticks from the guest's first instruction to its end; 0: not known
    std::optional<VgaTextSnapshot> screen {}; // at the end; none if the worker died or had to be killed
    // Where the strategy has answered otherwise than a real PC, and the run was one to show it.
    std::vector<Discrepancy> discrepancies {};
};

ExitCode exit_code(const SessionEnd& end);

// The body of the Ended message. Decoding trusts nothing: nothing is returned for what is not one.
struct WorkerReport {
    RunResult result;
    std::optional<GuestPlace> place;
    uint64_t elapsed = 0;
    std::optional<VgaTextSnapshot> screen {};
    std::vector<Discrepancy> discrepancies {};
};
std::vector<std::byte> encode(const WorkerReport& report);
std::optional<WorkerReport> decode_report(std::span<const std::byte> bytes);

// The body of the SetupFailed message.
std::vector<std::byte> encode(const Error& error);
std::optional<Error> decode_error(std::span<const std::byte> bytes);

// Words of a worker, as one line of a message: control characters replaced, and not endless.
std::string one_line(std::string text);

}
