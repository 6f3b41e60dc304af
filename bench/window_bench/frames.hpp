// A window that is drawn as when a person looks at it, and what its frames cost.
#pragma once

#include "core/result.hpp"
#include "visualizer/app/application.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace ringside {

struct FrameTimes {
    std::vector<double> cpu;      // seconds of this thread's CPU time, a frame
    std::vector<double> interval; // seconds on the wall from one to the next
};

class BenchWindow {
public:
    // 1280x800, with these panels open.
    static Result<BenchWindow> open(const visualizer::LaboratoryOptions& laboratory, std::vector<std::string> panels);

    // At the pace of Application::run() while something moves.
    FrameTimes draw_for(std::chrono::milliseconds time);
    visualizer::Application& application() { return *m_application; }

private:
    std::unique_ptr<visualizer::Surface> m_surface;
    std::unique_ptr<visualizer::Application> m_application;
};

}
