// What the visualizer's window costs, at 1280x800 with software rendering: a frame while three VMs run flat out, and how
// many of them there are in a second; a frame with ten million events against one with ten thousand; and what it costs a
// guest to be watched.
//
//     window-bench [vms] [events] [watched] [--json FILE] [--runs N]
//
// Where there is a display a real window is measured (xvfb-run makes one), else a picture in memory.
#include "bench/support/measurement.hpp"
#include "bench/support/table.hpp"
#include "bench/window_bench/parts.hpp"

#include <fmt/format.h>

using namespace ringside;

int main(int argc, char** argv)
{
    auto options = parse_bench_options({ "window-bench", { "vms", "events", "watched" } }, argc, argv);
    if (!options)
        return static_cast<int>(ExitCode::Usage);
    struct Part {
        const char* name;
        Result<void> (*measure)(const BenchOptions&, std::vector<BenchRow>&);
    };
    constexpr std::array parts { Part { "vms", measure_frames_with_vms }, Part { "events", measure_frames_with_events },
        Part { "watched", measure_being_watched } };
    std::vector<BenchRow> rows;
    for (const auto& part : parts) {
        if (!options->wants(part.name))
            continue;
        if (auto done = part.measure(*options, rows); !done) {
            fmt::print(stderr, "bench: {}\n", done.error().message);
            return static_cast<int>(done.error().code);
        }
    }
    return show_table(*options, rows);
}
