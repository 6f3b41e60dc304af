// A comparison in the foreground: a line that says how far it is, and Ctrl-C.
#pragma once

#include "cli/signals.hpp"
#include "core/session/comparison_run.hpp"

#include <string>

namespace ringside {

class CompareControl {
public:
    // `shows_progress`: on standard error, if that is a terminal.
    explicit CompareControl(bool shows_progress);
    ~CompareControl() { clear(); }
    CompareControl(const CompareControl&) = delete;
    CompareControl& operator=(const CompareControl&) = delete;

    // For compare(); as long as this lives.
    ComparisonControl control();
    // The signal that asked for the end, or 0.
    int signal();
    // Takes the line off the terminal.
    void clear();
    // "after 3 of 28 runs"
    std::string how_far() const;

private:
    void follow(const ComparisonStep& step);
    void show();
    ComparisonControl::Answer take_signal(Session& session);

    RunSignals m_signals;
    int m_signal = 0;
    bool m_shows_progress;
    std::string m_line;
    bool m_is_shown = false;
    unsigned m_number = 0;
    unsigned m_of = 0;
};

}
