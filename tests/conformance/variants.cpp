#include "tests/conformance/variants.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <set>

namespace ringside::test {

namespace {

// RINGSIDE_STRATEGIES: their names, with commas, where only some are to be looked at.
bool is_wanted(std::string_view strategy)
{
    const char* wanted = std::getenv("RINGSIDE_STRATEGIES");
    if (!wanted)
        return true;
    auto list = fmt::format(",{},", wanted);
    return list.find(fmt::format(",{},", strategy)) != std::string::npos;
}

// Why this strategy is left out, or "".
std::string reason_to_skip(const StrategyEntry& entry)
{
    if (!is_wanted(entry.info().name))
        return "RINGSIDE_STRATEGIES does not name it";
    auto availability = entry.probe();
    return availability.available ? "" : availability.detail;
}

}

void tell_once(std::string_view what, std::string_view reason)
{
    static std::set<std::string> told;
    auto line = fmt::format("{}: {}", what, reason);
    if (told.insert(line).second)
        fmt::print("{}\n", line);
}

std::string Variant::name() const
{
    return fmt::format("{}, {} clock, recording {}", strategy, clock == ClockKind::Host ? "host" : "virtual",
        recording ? "on" : "off");
}

SessionConfiguration Variant::configure() const
{
    SessionConfiguration configuration;
    configuration.strategy = strategy;
    configuration.clock = clock;
    configuration.recording = recording;
    return configuration;
}

std::vector<Variant> variants()
{
    std::vector<Variant> found;
    for (const auto& entry : all_strategies()) {
        const auto& info = entry.info();
        if (auto reason = reason_to_skip(entry); !reason.empty()) {
            tell_once(fmt::format("skipped: {}", info.name), reason);
            continue;
        }
        for (ClockKind clock : { ClockKind::Host, ClockKind::Virtual }) {
            if (clock == ClockKind::Virtual && !info.virtual_clock) {
                tell_once(fmt::format("skipped: {} with the virtual clock", info.name), "it does not count blocks");
                continue;
            }
            for (bool recording : { false, true })
                found.push_back({ std::string(info.name), clock, recording, info.guest });
        }
    }
    return found;
}

std::vector<Variant> variants(GuestKind guest)
{
    auto found = variants();
    std::erase_if(found, [guest](const Variant& variant) { return variant.guest != guest; });
    return found;
}

}
