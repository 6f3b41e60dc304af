#include "cli/switch_list.hpp"

#include "cli/run_options.hpp"
#include "core/machine/kernel_image.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <string>

namespace ringside {

namespace {

constexpr double longest = 30.0 * 24 * 3600 * 1e9; // nanoseconds, as with --timeout

struct Unit {
    std::string_view name;
    double nanoseconds;
};
constexpr std::array units { Unit { "us", 1e3 }, Unit { "ms", 1e6 }, Unit { "s", 1e9 } };

std::optional<Nanoseconds> parse_time(std::string_view text)
{
    double number = 0;
    auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc {})
        return std::nullopt;
    std::string_view name(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
    auto unit = std::ranges::find(units, name, &Unit::name);
    if (unit == units.end())
        return std::nullopt;
    double nanoseconds = number * unit->nanoseconds;
    if (!(nanoseconds >= 0 && nanoseconds <= longest)) // "nan" is a number too
        return std::nullopt;
    return static_cast<Nanoseconds>(std::llround(nanoseconds));
}

Result<SwitchSetting> parse_one(std::string_view text)
{
    auto colon = text.find(':');
    if (colon == std::string_view::npos)
        return fail(ExitCode::Usage, fmt::format("--switch: '{}' is not TIME:STRATEGY", printable(text)),
            "for example 200ms:trap,400ms:emulation");
    auto time = text.substr(0, colon);
    std::string strategy(text.substr(colon + 1));
    auto at = parse_time(time);
    if (!at)
        return fail(ExitCode::Usage, fmt::format("--switch: '{}' is no time of a run", printable(time)),
            "write 250us, 200ms or 1.5s");
    if (auto known = check_strategy(strategy); !known)
        return known.propagate();
    return SwitchSetting { *at, std::move(strategy) };
}

}

Result<std::vector<SwitchSetting>> parse_switches(std::string_view text)
{
    std::vector<SwitchSetting> switches;
    for (std::size_t begin = 0; begin <= text.size();) {
        auto end = std::min(text.find(',', begin), text.size());
        auto one = parse_one(text.substr(begin, end - begin));
        if (!one)
            return one.propagate();
        if (!switches.empty() && one->at <= switches.back().at)
            return fail(ExitCode::Usage,
                fmt::format("--switch: the change to '{}' is not later than that to '{}'", one->strategy,
                    switches.back().strategy),
                "give the times in ascending order");
        switches.push_back(std::move(*one));
        begin = end + 1;
    }
    return switches;
}

}
