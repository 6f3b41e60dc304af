// Carries out a comparison: each run in a session of its own, one at a time, so that none disturbs another.
//
//   warm-up    each strategy once: files are read, outcome and console are checked; who fails is out
//   timed      A B C A B C ...: what the host does meanwhile meets all of them alike
//   watched    each strategy once more, with each exit timed and each ring change seen
#pragma once

#include "core/session/comparison.hpp"
#include "core/session/comparison_verdict.hpp"
#include "core/session/session.hpp"
#include "core/session/settings.hpp"

#include <functional>
#include <string>
#include <vector>

namespace ringside {

// One strategy that takes part. The configuration says which.
struct Contender {
    SessionConfiguration configuration;
    Expectation expectation;
};

struct ComparisonStep {
    enum class Phase : uint8_t { WarmUp, Timed, Watched };
    Phase phase = Phase::WarmUp;
    std::string_view strategy;
    unsigned number = 0; // of all runs, from 1
    unsigned of = 0;
};

// How whoever asked for the comparison follows it, and stops it.
struct ComparisonControl {
    enum class Answer : uint8_t {
        GoOn,
        Again, // this run was disturbed: it is thrown away and made once more
        Stop,
    };
    std::function<void(const ComparisonStep&)> on_step = {};
    // Becomes readable when `on_wake` is to be called, while `session` runs. -1: never.
    int descriptor = -1;
    std::function<Answer(Session& session)> on_wake = {};
};

enum class Watching : uint8_t { Once, Never }; // the last of the three kinds of runs

// Fills `rows`, `runs`, `interrupted` and `unconfined_because`; the rest of the result is the caller's to say.
Comparison compare(const std::vector<Contender>& contenders, unsigned runs, const ComparisonControl& control,
    Watching watching = Watching::Once);

}
