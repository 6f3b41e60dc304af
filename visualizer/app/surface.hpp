// Where the visualizer draws: a window, or a picture in memory. Both have an OpenGL 3 context that is current in the
// thread that made them.
#pragma once

#include "core/result.hpp"
#include "visualizer/app/image.hpp"
#include "visualizer/app/input.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace ringside::visualizer {

struct Size {
    int width = 0;
    int height = 0;
    bool operator==(const Size&) const = default;
};

class Surface {
public:
    virtual ~Surface() = default;

    virtual Size size() const = 0;
    // Pixels of the screen for each at which the desktop wants 100 percent.
    virtual float desktop_scale() const { return 1.0f; }
    // Lets `timeout` pass, or less when something has come; appends what has come.
    virtual void wait(std::chrono::milliseconds timeout, InputEvents& events) = 0;
    // What was drawn since the last call becomes visible.
    virtual void present() = 0;
    // What was drawn, before present().
    virtual Image read_pixels() = 0;
    virtual std::string clipboard() = 0;
    virtual void set_clipboard(const std::string& text) = 0;
};

// Unavailable: there is no display or no OpenGL 3; the message says which.
Result<std::unique_ptr<Surface>> open_window(Size size, const std::string& title);
// Needs no display. wait() passes on what was given to inject().
class OffscreenSurface : public Surface {
public:
    virtual void inject(const InputEvent& event) = 0;
    virtual void resize(Size size) = 0;
};
Result<std::unique_ptr<OffscreenSurface>> open_offscreen(Size size);

}
