#include "core/machine/step.hpp"

#include <array>
#include <fmt/format.h>

namespace ringside {

namespace {

// Not what the guest did.
constexpr std::array uncounted { EventKind::Kick, EventKind::KernelExit, EventKind::HostPageFault, EventKind::HostInterrupt };

constexpr std::array block_events { EventKind::BlockTranslated, EventKind::BlockChained, EventKind::BlockInvalidated,
    EventKind::TranslationsEmptied, EventKind::CodeDormant, EventKind::CodeAwake };

EventSet set_of(std::span<const EventKind> kinds)
{
    EventSet set;
    for (auto kind : kinds)
        set |= only(kind);
    return set;
}

}

EventSet only(EventKind kind)
{
    EventSet set;
    if (kind < EventKind::Count_)
        set.set(static_cast<std::size_t>(kind));
    return set;
}

EventSet events_of(StepKind kind)
{
    if (kind == StepKind::Block)
        return only(EventKind::BlockTranslated);
    if (kind == StepKind::RingChange)
        return only(EventKind::RingChange);
    EventSet exits;
    for (const auto& description : event_descriptions()) {
        if (description.category == EventCategory::Exit)
            exits |= only(description.kind);
    }
    return exits & ~set_of(uncounted);
}

std::string_view step_name(StepKind kind)
{
    switch (kind) {
    case StepKind::Exit:
        return "exit";
    case StepKind::Block:
        return "block";
    case StepKind::RingChange:
        return "ring change";
    }
    return "unknown";
}

Result<void> check_step(const StrategyInfo& strategy, const EventSet& until)
{
    EventSet seen = until;
    if (!strategy.sees_rings)
        seen &= ~only(EventKind::RingChange);
    if (!strategy.sees_blocks)
        seen &= ~set_of(block_events);
    if (seen.any())
        return {};
    if (until.none())
        return fail(ExitCode::Usage, "there is no such event to go on to");
    if (until == only(EventKind::RingChange))
        return fail(ExitCode::Usage,
            fmt::format("under '{}' the guest changes its ring without the monitor: there is nothing to stop it", strategy.name));
    return fail(ExitCode::Usage,
        fmt::format("'{}' does not tell of blocks: the strategy 'rewriting' does", strategy.name));
}

}
