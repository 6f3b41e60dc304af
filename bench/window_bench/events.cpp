// A frame with a long trace against one with a short one, while the timeline moves.
#include "bench/support/event_file.hpp"
#include "bench/support/measurement.hpp"
#include "bench/window_bench/frames.hpp"
#include "bench/window_bench/parts.hpp"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <unistd.h>

namespace ringside {

using namespace std::chrono_literals;

namespace {

constexpr uint64_t many = 10'000'000, few = 10'000;
constexpr double milli = 1e3, most_ratio = 1.3;

class Folder {
public:
    Folder() : m_path((std::filesystem::temp_directory_path() / "ringside-bench-XXXXXX").string())
    {
        m_made = mkdtemp(m_path.data());
    }
    ~Folder()
    {
        std::error_code ignored;
        if (m_made)
            std::filesystem::remove_all(m_path, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    explicit operator bool() const { return m_made; }
    std::string file(std::string_view name) const { return fmt::format("{}/{}", m_path, name); }

private:
    std::string m_path;
    bool m_made = false;
};

Result<BenchWindow> window_on(const Folder& folder, uint64_t count)
{
    auto path = folder.file(fmt::format("{}.rst", count));
    if (auto written = write_event_file(path, count); !written)
        return written.propagate();
    auto window = BenchWindow::open({ .trace_path = path }, { "comparison", "timeline", "exits", "story" });
    if (!window)
        return window.propagate();
    while (window->application().chosen_run().observed()->loading())
        window->draw_for(100ms);
    std::filesystem::remove(path);
    return window;
}

}

Result<void> measure_frames_with_events(const BenchOptions& options, std::vector<BenchRow>& rows)
{
    Folder folder;
    if (!folder)
        return fail(ExitCode::Unavailable, "no temporary folder");
    // One window at a time: a program has one context of ImGui, and one of OpenGL. What the host does meanwhile is told by
    // measuring the short trace before and after.
    std::vector<double> short_before, long_ones, short_after;
    auto samples = [&](uint64_t count, std::vector<double>& into) -> Result<void> {
        auto window = window_on(folder, count);
        if (!window)
            return window.propagate();
        window->draw_for(1s);
        into = window->draw_for(std::chrono::milliseconds { 500 * options.runs }).cpu;
        return {};
    };
    if (auto done = samples(few, short_before); !done)
        return done;
    if (auto done = samples(many, long_ones); !done)
        return done;
    if (auto done = samples(few, short_after); !done)
        return done;
    auto before = median(short_before), after = median(short_after), large = median(long_ones);
    auto ratio = large / ((before + after) / 2);
    rows.push_back({ .what = "a frame with 10,000,000 events against 10,000", .value = large * milli, .unit = "ms",
        .against = (before + after) / 2 * milli, .ratio = ratio, .cpu_ratio = ratio, .floor = after / before, .bound = most_ratio });
    return {};
}

}
