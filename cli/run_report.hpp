// How a run ended: for people, and for programs (`run --json`).
#pragma once

#include "cli/guest_run.hpp"
#include "cli/run_options.hpp"
#include "core/machine/translation_listing.hpp"
#include "core/trace/statistics.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace ringside {

// "success", "failure", "triple-fault", "reset", "failed", "stopped", "timeout", "died"
std::string_view outcome_word(const SessionEnd& end);

// One line about a run that did not end well; "" about one that did.
std::string summary(const GuestRunResult& result, const SessionConfiguration& configuration);

// The guest's VGA text screen at its end, in a frame; a line that says so when there is nothing on it.
std::string screen_report(const SessionEnd& end);

// Said about a guest that wrote to the screen only, when nobody asked for the screen; "" about every other.
std::string screen_hint(const GuestRunResult& result);

// What to tell of a guest that ended before its strategy was to change, or "".
std::string switch_hint(const GuestRunResult& result, const SessionConfiguration& configuration, const Statistics& statistics);

// `translations`: of a strategy that makes any.
nlohmann::json run_json(const GuestRunResult& result, const SessionConfiguration& configuration,
    const Statistics& statistics, const std::optional<TranslationListing>& translations);

// The text of a JSON value. What is not UTF-8 in it (file names, words of a guest) is replaced.
std::string json_text(const nlohmann::json& value);

}
