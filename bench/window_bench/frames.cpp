#include "bench/window_bench/frames.hpp"

#include <cstdlib>
#include <ctime>

namespace ringside {

using namespace visualizer;

namespace {

using SteadyClock = std::chrono::steady_clock;

double cpu_of_this_thread()
{
    timespec time {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Result<std::unique_ptr<Surface>> open_surface(Size size)
{
    if (getenv("DISPLAY"))
        return open_window(size, "Ringside");
    auto offscreen = open_offscreen(size);
    if (!offscreen)
        return offscreen.propagate();
    return std::unique_ptr<Surface> { std::move(*offscreen) };
}

}

Result<BenchWindow> BenchWindow::open(const LaboratoryOptions& options, std::vector<std::string> panels)
{
    BenchWindow window;
    auto surface = open_surface({ 1280, 800 });
    if (!surface)
        return surface.propagate();
    window.m_surface = std::move(*surface);
    auto laboratory = Laboratory::open(options);
    if (!laboratory)
        return laboratory.propagate();
    Settings settings;
    settings.tour_done = true;
    settings.panels = std::move(panels);
    auto application = Application::create(*window.m_surface, std::move(*laboratory), { settings, "" });
    if (!application)
        return application.propagate();
    window.m_application = std::move(*application);
    return window;
}

FrameTimes BenchWindow::draw_for(std::chrono::milliseconds time)
{
    using Seconds = std::chrono::duration<double>;
    FrameTimes times;
    auto begin = SteadyClock::now(), before = begin;
    while (before - begin < time) {
        auto left = std::chrono::duration_cast<std::chrono::milliseconds>(before + Application::frame_time - SteadyClock::now());
        InputEvents events;
        m_surface->wait(std::max(left, std::chrono::milliseconds { 0 }), events);
        auto now = SteadyClock::now();
        auto cpu = cpu_of_this_thread();
        m_application->frame(Seconds(now - before).count(), events);
        times.cpu.push_back(cpu_of_this_thread() - cpu);
        times.interval.push_back(Seconds(now - before).count());
        before = now;
    }
    return times;
}

}
