#include "core/machine/strategy_set.hpp"

#include "core/verify.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace ringside {

namespace {

Result<void> check_one(const StrategyEntry& entry, ClockKind clock)
{
    const auto& info = entry.info();
    if (clock == ClockKind::Virtual && !info.virtual_clock)
        return fail(ExitCode::Usage, fmt::format("the strategy '{}' has no virtual clock", info.name),
            "use --clock host, or --strategy emulation");
    if (auto availability = entry.probe(); !availability.available)
        return fail(ExitCode::Unavailable,
            fmt::format("the strategy '{}' is not available here: {}", info.name, availability.detail), availability.remedy);
    return {};
}

}

// A paravirtual guest is another kernel, which the others could not run.
Result<void> StrategySet::check(std::span<const StrategyEntry* const> entries, ClockKind clock)
{
    VERIFY(!entries.empty());
    const auto& first = entries[0]->info();
    for (const auto* entry : entries) {
        if (entry->info().guest != first.guest)
            return fail(ExitCode::Usage,
                fmt::format("the strategies '{}' and '{}' run different guests: neither can take over the other's", first.name,
                    entry->info().name),
                "a paravirtual guest is a kernel that was ported");
        if (auto possible = check_one(*entry, clock); !possible)
            return possible;
    }
    return {};
}

Result<void> StrategySet::create(std::span<const StrategyEntry* const> entries, Engine& engine)
{
    VERIFY(!created());
    for (const auto* entry : entries) {
        if (std::ranges::find(m_entries, entry) != m_entries.end())
            continue;
        auto strategy = entry->create(engine);
        if (!strategy)
            return strategy.propagate();
        m_entries.push_back(entry);
        m_members.push_back({ entry, std::move(*strategy) });
    }
    m_current.store(&m_members.front());
    return {};
}

std::vector<StrategyFile> StrategySet::files() const
{
    std::vector<StrategyFile> all;
    for (const auto& member : m_members) {
        auto more = member.strategy->files();
        all.insert(all.end(), more.begin(), more.end());
    }
    return all;
}

bool StrategySet::request(const StrategyEntry& entry)
{
    auto member = std::ranges::find(m_members, &entry, &Member::entry);
    if (member == m_members.end())
        return false;
    m_requested.store(&*member);
    return true;
}

// Who kicks at the same time may kick the one that has given the guest away: the caller looks for work afterwards.
std::optional<StrategySet::Change> StrategySet::change()
{
    const Member* to = m_requested.exchange(nullptr);
    const Member* from = m_current.load();
    if (!to || to == from)
        return std::nullopt;
    CpuState state = from->strategy->save();
    from->strategy->release();
    to->strategy->load(state);
    m_current.store(to);
    return Change { *from->entry, state };
}

}
