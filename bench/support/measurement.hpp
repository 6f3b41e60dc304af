// What benchmarks measure with: two clocks, medians, and the lines that a guest prints while it is timed.
#pragma once

#include <cstddef>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace ringside {

// Seconds on the wall, and seconds of CPU that a process and its threads have used. Another process that competes for
// the CPUs disturbs the first and hardly the second.
struct Moment {
    double wall = 0;
    double cpu = 0;
};

Moment now_of_process(pid_t process);
inline Moment operator-(const Moment& a, const Moment& b) { return { a.wall - b.wall, a.cpu - b.cpu }; }
inline Moment operator/(const Moment& a, double count) { return { a.wall / count, a.cpu / count }; }

double median(std::vector<double> values);
Moment median(const std::vector<Moment>& samples); // of each clock by itself
double geometric_mean(std::span<const double> values);

// The lines of a guest's console, each with the moment at which it was complete.
class TimedLines {
public:
    void take(std::string_view text, const Moment& moment);
    // From the first line that begins with `from` to the first after it that begins with `to`.
    std::optional<Moment> between(std::string_view from, std::string_view to) const;
    bool any(std::string_view prefix) const;

private:
    struct Line {
        std::string text;
        Moment moment;
    };
    std::vector<Line> m_lines;
    std::string m_rest;
};

}
