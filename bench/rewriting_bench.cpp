// What binary rewriting promises: instructions, system calls and a kernel's privileged operations against traps and
// against the host, translation, how seldom the cache is left, the start, and the compute kernels against QEMU's TCG.
// Whatever is compared is measured in turns within one run.
//
//     rewriting-bench [instructions] [guests] [translation] [transitions] [boot] [qemu] [--runs N] [--json FILE]
//
// Exit code 1: a bound is missed.
#include "bench/rewriting_bench/groups.hpp"
#include "core/machine/strategy.hpp"

#include <array>
#include <fmt/format.h>

using namespace ringside;

namespace {

struct Group {
    const char* name;
    bench::Rows (*measure)(const BenchOptions&);
};

constexpr std::array groups {
    Group { "instructions", bench::measure_instructions },
    Group { "guests", bench::measure_guests },
    Group { "translation", bench::measure_translation },
    Group { "transitions", bench::measure_transitions },
    Group { "boot", bench::measure_boot },
    Group { "qemu", bench::measure_against_qemu },
};

bool are_available()
{
    for (const char* name : { "rewriting", "trap" }) {
        if (auto availability = find_strategy(name)->probe(); !availability.available) {
            fmt::print(stderr, "rewriting-bench: {} is not available here: {}\n", name, availability.detail);
            return false;
        }
    }
    return true;
}

}

int main(int argc, char** argv)
{
    BenchUsage usage { "rewriting-bench" };
    for (const auto& group : groups)
        usage.groups.emplace_back(group.name);
    auto options = parse_bench_options(usage, argc, argv);
    if (!options)
        return static_cast<int>(ExitCode::Usage);
    if (!are_available())
        return static_cast<int>(ExitCode::Unavailable);
    std::vector<BenchRow> rows;
    for (const auto& group : groups) {
        if (!options->wants(group.name))
            continue;
        auto measured = group.measure(*options);
        if (!measured) {
            fmt::print(stderr, "rewriting-bench: {}\n", measured.error().message);
            return static_cast<int>(measured.error().code);
        }
        rows.insert(rows.end(), measured->begin(), measured->end());
    }
    return show_table(*options, rows);
}
