// One run of one guest in the foreground, to its end: its console, Ctrl-C, its trace.
#pragma once

#include "core/result.hpp"
#include "core/session/session.hpp"
#include "core/trace/event.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <span>

namespace ringside {

// What is done with a run's events as they come, if they are recorded.
using EventSink = std::function<Result<void>(Session& session, std::span<const EventRecord> events)>;

struct GuestRunResult {
    SessionEnd end;
    std::chrono::nanoseconds wall_time {};
    bool console_used = false;    // the guest said something on its serial console
    int signal = 0;               // that asked this program to stop, or 0
    std::optional<Error> failure; // of this program's outputs; the guest was stopped because of it
};

// Runs a session that was started to its end. Events go to `sink`, if it is not empty.
GuestRunResult run_to_end(Session& session, const EventSink& sink);

}
