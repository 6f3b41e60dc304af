// Whether a guest did under one strategy what it should, so that its time may stand beside others'.
#pragma once

#include "core/session/comparison.hpp"
#include "core/session/outcome.hpp"
#include "core/session/scenario.hpp"

#include <optional>
#include <string>

namespace ringside {

// How a guest is to end under one strategy.
struct Expectation {
    ExpectedOutcome outcome = ExpectedOutcome::Success;
    std::string reason = {};              // what the reported reason contains
    std::optional<std::string> console = {}; // its text; none: that of the other strategies
    std::string documented = {};          // why it ends otherwise than under the others; "": it does not
};

struct Judgment {
    Verdict verdict = Verdict::AsExpected;
    std::string reason = {};
};

// What a guest has said under one strategy, for the others to say, too.
struct ReferenceConsole {
    std::string strategy;
    std::string text;
};

// `reference`: of the first strategy whose guest was as expected; null for the first itself.
Judgment judge(const Expectation& expected, const SessionEnd& end, std::string_view console, const ReferenceConsole* reference);

// "line 3: `a` instead of `b`"; "" for equal texts. The lines are quoted, fit for a terminal, and not endless.
std::string first_difference(std::string_view expected, std::string_view got);

// "success", "failure", "triple-fault", "reset", "failed", "stopped", "timeout", "died"
std::string_view end_word(const SessionEnd& end);

}
