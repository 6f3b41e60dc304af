#include "visualizer/panels/snapshot.hpp"

#include "core/trace/time_format.hpp"
#include "visualizer/app/context.hpp"

#include <fmt/format.h>

namespace ringside::visualizer {

const GuestSnapshot* snapshot_of(const Models& models)
{
    auto* observed = models.run().inspected();
    return observed && observed->snapshot() ? &*observed->snapshot() : nullptr;
}

const GuestSnapshot* earlier_snapshot_of(const Models& models)
{
    auto* observed = models.run().inspected();
    return observed && observed->earlier_snapshot() ? &*observed->earlier_snapshot() : nullptr;
}

GuestMemory* memory_of(const Models& models)
{
    auto* observed = models.run().inspected();
    return observed ? observed->memory() : nullptr;
}

std::string snapshot_words(const Models& models)
{
    const auto* snapshot = snapshot_of(models);
    if (models.run().is_file())
        return "A trace file holds events, not registers: run the guest to see them.";
    if (!snapshot)
        return models.run().title() + ": no snapshot yet; one is taken while the guest runs or when it pauses.";
    auto moment = format_moment(static_cast<int64_t>(snapshot->guest_time));
    bool is_over = models.run().inspected()->state() == Run::State::Ended;
    return fmt::format("{} at {}{}", models.run().title(), moment,
        is_over                ? " of a round that has ended"
            : snapshot->paused ? ", paused"
                               : "; Space pauses it");
}

std::string joined(const std::vector<std::string>& lines)
{
    std::string text;
    for (const auto& line : lines)
        text += line + "\n";
    return text;
}

}
