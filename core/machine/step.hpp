// Going on to the next event of some kind, and pausing there.
#pragma once

#include "core/machine/strategy.hpp"
#include "core/result.hpp"
#include "core/trace/event.hpp"

#include <bitset>
#include <string_view>

namespace ringside {

// What a single step is. Values are in messages between processes: append-only.
//
//   Exit         the guest has come to the monitor, and the monitor is done with what it wanted. Kicks do not count, because
//                stepping makes some, nor do exits that the host's kernel settles by itself, which are told late
//   Block        a stretch of the guest's code has been translated: code that runs for the first time
//   RingChange   the virtual ring has changed
enum class StepKind : uint8_t { Exit, Block, RingChange };

using EventSet = std::bitset<event_kind_count>;

EventSet events_of(StepKind kind);
EventSet only(EventKind kind);
std::string_view step_name(StepKind kind); // "exit", "block", "ring change"

// Usage, if a guest under this strategy could never come to one of these events, for people.
Result<void> check_step(const StrategyInfo& strategy, const EventSet& until);

}
