#include "core/session/comparison_verdict.hpp"

#include <fmt/format.h>

namespace ringside {

namespace {

constexpr std::size_t longest_quotation = 60;

// Takes the first line off `text`; nothing when there is none left.
std::optional<std::string_view> take_line(std::string_view& text)
{
    if (text.empty())
        return std::nullopt;
    auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

std::string quoted(std::optional<std::string_view> line)
{
    if (!line)
        return "the end";
    auto text = one_line(std::string { line->substr(0, longest_quotation) });
    return fmt::format("`{}{}`", text, line->size() > longest_quotation ? "..." : "");
}

// Why it ended and where it was, in which a scenario's `reason` is looked for.
std::string words_of(const SessionEnd& end)
{
    return end.place ? fmt::format("{}; the guest was at {}", end.result.reason, describe(*end.place)) : end.result.reason;
}

bool ended_as(const Expectation& expected, const SessionEnd& end)
{
    return end_word(end) == expected_outcome_name(expected.outcome)
        && words_of(end).find(expected.reason) != std::string::npos;
}

std::string how_it_ended(const SessionEnd& end)
{
    auto words = words_of(end);
    return words.empty() ? std::string { end_word(end) } : fmt::format("{} ({})", end_word(end), words);
}

std::string what_was_expected(const Expectation& expected)
{
    auto name = std::string { expected_outcome_name(expected.outcome) };
    return expected.reason.empty() ? name : fmt::format("{} ({})", name, expected.reason);
}

}

std::string_view end_word(const SessionEnd& end)
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

std::string first_difference(std::string_view expected, std::string_view got)
{
    if (expected == got)
        return "";
    for (unsigned line = 1;; ++line) {
        auto wanted = take_line(expected);
        auto found = take_line(got);
        if (!wanted && !found)
            return "only the end of the last line differs";
        if (wanted != found)
            return fmt::format("line {}: {} instead of {}", line, quoted(found), quoted(wanted));
    }
}

Judgment judge(
    const Expectation& expected, const SessionEnd& end, std::string_view console, const ReferenceConsole* reference)
{
    if (!ended_as(expected, end)) {
        bool lost = end.cause != SessionEnd::Cause::Guest;
        return { lost ? Verdict::Failed : Verdict::Different,
            fmt::format("it ended with {} instead of {}", how_it_ended(end), what_was_expected(expected)) };
    }
    bool is_documented = !expected.documented.empty();
    bool has_reference = reference && !is_documented;
    auto wanted = expected.console ? std::string_view { *expected.console } : has_reference ? std::string_view { reference->text } : console;
    if (auto difference = first_difference(wanted, console); !difference.empty()) {
        auto whose = expected.console ? "what the scenario says" : "that under " + reference->strategy;
        return { Verdict::Different, fmt::format("its console differs from {} in {}", whose, difference) };
    }
    if (is_documented)
        return { Verdict::Documented, expected.documented };
    return {};
}

}
