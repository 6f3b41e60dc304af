// Drives the visualizer without a display, as a person would: with a mouse, keys and patience.
#pragma once

#include "visualizer/app/application.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace ringside::test {

struct DriverOptions {
    visualizer::LaboratoryOptions laboratory { .guests = { "hello" }, .strategies = { "emulation", "trap" } };
    visualizer::LoadedSettings settings { { .tour_done = true } };
    visualizer::Size size { 1280, 800 };
};

class AppDriver {
public:
    explicit AppDriver(DriverOptions options = {});

    visualizer::Application& application() { return *m_application; }
    visualizer::OffscreenSurface& surface() { return *m_surface; }

    // Frames at 40 a second, of real time, since the guests live in it.
    void frames(int count);
    // True once the condition holds, at most a few seconds later.
    bool wait_until(const std::function<bool()>& condition);
    void press(visualizer::Key key, visualizer::Modifiers modifiers = {});
    void write(std::string_view text);
    // On the control of this name; fails the test if it is not on the screen.
    void click(std::string_view name, visualizer::Modifiers modifiers = {});
    void drag(float from_x, float from_y, float to_x, float to_y, visualizer::Modifiers modifiers = {});
    // How far its pixels are from being one color: a picture that shows something has hundreds of colors.
    std::size_t colors();
    // Leaves a picture of what is on the screen.
    void keep_picture(const std::string& name);

private:
    std::unique_ptr<visualizer::OffscreenSurface> m_surface;
    std::unique_ptr<visualizer::Application> m_application;
};

}
