#include "cli/run_report.hpp"

#include "core/devices/screen_text.hpp"
#include "core/machine/kernel_image.hpp"
#include "core/machine/translation_counters.hpp"

#include <fmt/format.h>

namespace ringside {

namespace {

double seconds(std::chrono::nanoseconds time)
{
    return std::chrono::duration<double>(time).count();
}

nlohmann::json place_json(const std::optional<GuestPlace>& place)
{
    if (!place)
        return nullptr;
    return { { "eip", place->eip }, { "symbol", place->symbol }, { "ring", place->ring },
        { "interrupts", place->interrupts_enabled }, { "halted", place->halted } };
}

nlohmann::json switches_json(const std::vector<SwitchSetting>& switches)
{
    auto list = nlohmann::json::array();
    for (const auto& planned : switches)
        list.push_back({ { "at_ns", planned.at }, { "strategy", planned.strategy } });
    return list;
}

nlohmann::json discrepancies_json(const std::vector<Discrepancy>& rows)
{
    auto list = nlohmann::json::array();
    for (const auto& row : rows)
        list.push_back({ { "instruction", row.instruction }, { "real", row.real }, { "given", row.given }, { "why", row.why } });
    return list;
}

std::string place_words(const SessionEnd& end)
{
    return end.place ? fmt::format("; the guest was at {}", describe(*end.place)) : "";
}

}

std::string_view outcome_word(const SessionEnd& end)
{
    switch (end.cause) {
    case SessionEnd::Cause::Guest:
        return outcome_name(end.result.outcome);
    case SessionEnd::Cause::Command:
        return "stopped";
    case SessionEnd::Cause::Timeout:
        return "timeout";
    case SessionEnd::Cause::Died:
        return "died";
    }
    return "unknown";
}

std::string summary(const GuestRunResult& result, const SessionConfiguration& configuration)
{
    auto name = printable(configuration.name);
    switch (result.end.cause) {
    case SessionEnd::Cause::Guest:
        return result.end.result.outcome == Outcome::Success ? ""
                                                             : fmt::format("{}: {}", name, result.end.result.reason);
    case SessionEnd::Cause::Command:
        return fmt::format("{}: stopped{}", name, place_words(result.end));
    case SessionEnd::Cause::Timeout:
        return fmt::format("{}: stopped, because it ran longer than {} s{}", name,
            seconds(configuration.timeout.value_or(std::chrono::milliseconds { 0 })), place_words(result.end));
    case SessionEnd::Cause::Died:
        return fmt::format("{}: {}", name, result.end.result.reason);
    }
    return "";
}

std::string screen_report(const SessionEnd& end)
{
    auto text = end.screen ? screen_text(*end.screen) : "";
    if (text.empty())
        return end.screen ? "The guest's screen is empty.\n" : "The guest's screen was lost with its worker process.\n";
    auto rule = std::string(VgaTextSnapshot::columns, '-') + '\n';
    return rule + text + rule;
}

std::string screen_hint(const GuestRunResult& result)
{
    if (result.console_used || !result.end.screen || screen_text(*result.end.screen).empty())
        return "";
    return "the guest wrote nothing to its serial console, but something to its screen: --screen shows it";
}

std::string switch_hint(const GuestRunResult& result, const SessionConfiguration& configuration, const Statistics& statistics)
{
    if (result.end.cause != SessionEnd::Cause::Guest || statistics.wall == 0)
        return "";
    for (const auto& planned : configuration.switches) {
        if (planned.at > statistics.wall)
            return fmt::format("{} ended before the change to '{}' at {:.12g} ms", printable(configuration.name), planned.strategy,
                static_cast<double>(planned.at) / 1e6);
    }
    return "";
}

nlohmann::json run_json(const GuestRunResult& result, const SessionConfiguration& configuration,
    const Statistics& statistics, const std::optional<TranslationListing>& translations)
{
    const SessionEnd& end = result.end;
    return {
        { "guest", configuration.name },
        { "kernel", configuration.boot.kernel_path },
        { "strategy", configuration.strategy },
        { "switches", switches_json(configuration.switches) },
        { "clock", configuration.clock == ClockKind::Virtual ? "virtual" : "host" },
        { "memory_mib", configuration.memory_bytes / mebibyte },
        { "outcome", outcome_word(end) },
        { "reason", end.result.reason },
        { "exit_code", static_cast<int>(exit_code(end)) },
        { "guest_code", end.result.code },
        { "signal", end.signal == 0 ? nlohmann::json(nullptr) : nlohmann::json(end.signal) },
        { "place", place_json(end.place) },
        { "screen", end.screen ? nlohmann::json(screen_text(*end.screen)) : nlohmann::json(nullptr) },
        { "discrepancies", discrepancies_json(end.discrepancies) },
        { "wall_seconds", seconds(result.wall_time) },
        { "statistics", statistics_json(statistics) },
        { "translations", translations ? translation_json(*translations) : nlohmann::json(nullptr) },
    };
}

std::string json_text(const nlohmann::json& value)
{
    return value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}
