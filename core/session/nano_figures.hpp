// What single operations cost a guest: the figures of the scenario `nanobench`, which come on port 0xE9, and those that
// Adams & Agesen measured in 2006. docs/comparison.md discusses them.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

struct Comparison;

// K. Adams, O. Agesen: A Comparison of Software and Hardware Techniques for x86 Virtualization, ASPLOS 2006 (its
// table of "nanobenchmarks"), in cycles of a Pentium 4 at 3.8 GHz.
struct PaperFigures {
    double native = 0;
    double rewriter = 0; // their software VMM
    double vt = 0;       // their hardware VMM, on the first VT-x
};

struct NanoOperation {
    std::string_view name; // as the guest says it
    std::string_view meaning;
    std::optional<PaperFigures> paper; // none: they did not measure it
};

inline constexpr std::size_t nano_operation_count = 9;
std::span<const NanoOperation, nano_operation_count> nano_operations();

// Ticks of the time-stamp counter, by the number of the operation.
using NanoFigures = std::array<std::optional<double>, nano_operation_count>;

// Of what a guest has written to port 0xE9: lines "nanobench: NAME TICKS", TICKS with one digit behind the point. Anything
// else in it is passed over; of several figures for one operation the first counts.
NanoFigures parse_nano_figures(std::string_view debug_output);
bool has_any(const NanoFigures& figures);
// The median of each operation, over the runs that have it.
NanoFigures median_figures(std::span<const NanoFigures> runs);

// RDTSC in rewritten code, and what they measured.
struct TimeStampWay {
    std::string_view name; // as --rdtsc has it
    std::string_view meaning;
    std::optional<double> paper;
    std::optional<double> ticks = {};
};
inline constexpr std::size_t time_stamp_way_count = 4;
std::array<TimeStampWay, time_stamp_way_count> time_stamp_ways();

struct NanoColumn {
    std::string strategy;
    NanoFigures figures;
};

struct NanoComparison {
    std::vector<NanoColumn> columns; // one a strategy, as the rows of the Comparison
    double ticks_per_second = 0;
    std::vector<TimeStampWay> ways; // of `rewriting`; empty when they were not measured
};

// Nothing when no run of any strategy has said a figure.
std::optional<NanoComparison> nano_comparison_of(const Comparison& comparison);
// The same operation's figure under the first strategy of a comparison in which RDTSC was rewritten in one way.
std::optional<double> time_stamp_ticks(const Comparison& comparison);

}
