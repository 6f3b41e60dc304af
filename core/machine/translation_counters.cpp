#include "core/machine/translation_counters.hpp"

#include "core/trace/time_format.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <vector>

namespace ringside {

namespace {

struct CounterLine {
    std::string_view name; // for programs; with spaces for people
    uint64_t TranslationCounters::*counter;
    std::string_view meaning;
};

constexpr CounterLine block_lines[] {
    { "links", &TranslationCounters::links, "branches were led straight to their target" },
    { "entries", &TranslationCounters::entries, "times a block became one that can be reached" },
    { "dormant", &TranslationCounters::dormant, "times one no longer was, for other pages lay there" },
    { "invalidated", &TranslationCounters::invalidated, "blocks were given up: their source changed" },
    { "flushes", &TranslationCounters::flushes, "times all were, because the cache was full" },
};

constexpr CounterLine call_lines[] {
    { "unlinked", &TranslationCounters::unlinked, "for a branch that was not linked yet" },
    { "table_misses", &TranslationCounters::table_misses, "for an indirect branch to what no entry had" },
    { "changed", &TranslationCounters::changed, "for a block whose source was another" },
    { "executed", &TranslationCounters::executed, "to execute an instruction, or for interrupts" },
    { "retaken", &TranslationCounters::retaken, "for segments, INT, IRET, CPUID not as last time" },
    { "refused", &TranslationCounters::refused, "for an instruction that is a fault" },
};

constexpr CounterLine other_lines[] {
    { "stops", &TranslationCounters::stops, "faults of translated code: signals, not calls" },
    { "crossings", &TranslationCounters::crossings, "system calls without the monitor; not with --stats" },
};

double share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string for_people(std::string_view name)
{
    std::string text(name);
    for (char& letter : text)
        letter = letter == '_' ? ' ' : letter;
    return text;
}

std::string lines_of(std::span<const CounterLine> lines, const TranslationCounters& counters)
{
    std::string text;
    for (const auto& line : lines)
        text += fmt::format("{:<14}{:>14}  {}\n", for_people(line.name), format_count(counters.*line.counter), line.meaning);
    return text;
}

std::string treatments_of(const TranslationListing& listing)
{
    std::string text;
    for (std::size_t i = 0; i < listing.treatments.size(); ++i)
        text += fmt::format("{:<14}{:>14}  {:5.1f} % of the instructions\n", listing.treatments[i],
            format_count(listing.by_treatment[i]), 100 * share(listing.by_treatment[i], listing.counters.instructions));
    return text;
}

std::vector<std::string> callers_of(const TranslationListing& listing)
{
    std::vector<std::string> items;
    for (const auto& caller : listing.callers)
        items.push_back(fmt::format("{} {}", caller.name, format_count(caller.calls)));
    return items;
}

std::vector<std::string> items_of(std::span<const CounterLine> lines, const TranslationCounters& counters)
{
    std::vector<std::string> items;
    for (const auto& line : lines)
        items.push_back(fmt::format("{} {}", for_people(line.name), format_count(counters.*line.counter)));
    return items;
}

// As many to a line as 80 columns hold.
std::string in_lines(std::string_view name, const std::vector<std::string>& items)
{
    constexpr std::size_t indent = 17;
    std::string text, line;
    auto end_line = [&] {
        text += fmt::format("{:<{}}{}\n", text.empty() ? name : "", indent, line);
        line.clear();
    };
    for (const auto& item : items) {
        if (!line.empty() && indent + line.size() + 3 + item.size() > 80)
            end_line();
        line += (line.empty() ? "" : "   ") + item;
    }
    if (!line.empty())
        end_line();
    return text;
}

nlohmann::json counters_json(std::span<const CounterLine> lines, const TranslationCounters& counters)
{
    auto json = nlohmann::json::object();
    for (const auto& line : lines)
        json[std::string(line.name)] = counters.*line.counter;
    return json;
}

}

std::string translation_summary(const TranslationListing& listing, const Style& style)
{
    const auto& counters = listing.counters;
    auto text = style.paint(Color::Bold, "Translations") + '\n';
    text += fmt::format("{:<14}{} blocks, {} instructions\n", "translated", format_count(counters.blocks),
        format_count(counters.instructions));
    text += fmt::format("{:<14}{} became {}: {:.2f} times as many\n", "bytes", format_count(counters.source_bytes),
        format_count(counters.host_bytes), share(counters.host_bytes, counters.source_bytes));
    text += treatments_of(listing) + lines_of(block_lines, counters) + '\n';
    text += style.paint(Color::Bold, "Calls of the monitor from translated code") + '\n';
    text += lines_of(call_lines, counters) + lines_of(other_lines, counters);
    text += style.paint(Color::Dim, "Indirect branches that find their entry are not counted: it would slow them.") + '\n';
    if (!listing.callers.empty())
        text += in_lines("by instruction", callers_of(listing));
    return text;
}

std::string translation_statistics(const TranslationListing& listing, const Style& style)
{
    const auto& counters = listing.counters;
    auto text = '\n' + style.paint(Color::Bold, "Translated code") + '\n';
    uint64_t identical = listing.by_treatment.empty() ? 0 : listing.by_treatment.front();
    text += in_lines("Translated", { fmt::format("{} blocks", format_count(counters.blocks)),
        fmt::format("{} instructions, {:.1f}% as they were", format_count(counters.instructions), 100 * share(identical, counters.instructions)),
        fmt::format("{} bytes became {}, {:.2f} times as many", format_count(counters.source_bytes),
            format_count(counters.host_bytes), share(counters.host_bytes, counters.source_bytes)) });
    text += in_lines("Blocks", items_of(block_lines, counters));
    text += in_lines("Monitor calls", items_of(call_lines, counters));
    text += in_lines("by instruction", callers_of(listing));
    text += in_lines("Without calls", items_of(other_lines, counters));
    if (counters.crossings == 0)
        text += style.paint(Color::Dim, "While ring changes are counted or recorded, each comes to the monitor.") + '\n';
    return text;
}

nlohmann::json translation_json(const TranslationListing& listing)
{
    const auto& counters = listing.counters;
    auto json = counters_json(block_lines, counters);
    json["blocks"] = counters.blocks;
    json["instructions"] = counters.instructions;
    json["source_bytes"] = counters.source_bytes;
    json["host_bytes"] = counters.host_bytes;
    json["treatments"] = nlohmann::json::object();
    for (std::size_t i = 0; i < listing.treatments.size(); ++i)
        json["treatments"][listing.treatments[i]] = listing.by_treatment[i];
    json["calls"] = counters_json(call_lines, counters);
    json["callers"] = nlohmann::json::object();
    for (const auto& caller : listing.callers)
        json["callers"][caller.name] = caller.calls;
    json.update(counters_json(other_lines, counters));
    return json;
}

}
