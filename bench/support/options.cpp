#include "bench/support/options.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace ringside {

namespace {

bool contains(const auto& list, std::string_view word)
{
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool parse_runs(std::string_view text, unsigned& runs)
{
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), runs);
    return error == std::errc {} && end == text.data() + text.size() && runs > 0;
}

bool take_option(const BenchUsage& usage, std::string_view name, std::string_view value, BenchOptions& options)
{
    if (name == "--runs")
        return parse_runs(value, options.runs);
    if (name == "--json")
        options.json_path = value;
    else if (name == "--strategy" && !usage.strategy.empty())
        options.strategy = value;
    else
        return false;
    return true;
}

std::string usage_text(const BenchUsage& usage)
{
    auto text = fmt::format("usage: {}", usage.program);
    for (auto group : usage.groups)
        text += fmt::format(" [{}]", group);
    if (!usage.strategy.empty())
        text += " [--strategy NAME]";
    return text + " [--runs N] [--json FILE]\n";
}

}

bool BenchOptions::wants(std::string_view group) const
{
    return groups.empty() || contains(groups, group);
}

std::optional<BenchOptions> parse_bench_options(const BenchUsage& usage, int argc, char** argv)
{
    BenchOptions options;
    options.strategy = usage.strategy;
    for (int i = 1; i < argc; ++i) {
        if (contains(usage.groups, argv[i])) {
            options.groups.emplace_back(argv[i]);
        } else if (i + 1 < argc && take_option(usage, argv[i], argv[i + 1], options)) {
            ++i;
        } else {
            fmt::print(stderr, "{}", usage_text(usage));
            return std::nullopt;
        }
    }
    return options;
}

}
