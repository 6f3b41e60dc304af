#include "visualizer/app/pixels.hpp"

#include <GL/gl.h>
#include <algorithm>

namespace ringside::visualizer {

Image read_framebuffer(Size size, FindFunction find)
{
    auto read = reinterpret_cast<decltype(&glReadPixels)>(find("glReadPixels"));
    auto store = reinterpret_cast<decltype(&glPixelStorei)>(find("glPixelStorei"));
    if (!read || !store)
        return {};
    auto row = static_cast<std::size_t>(size.width) * 3;
    Image image { size.width, size.height, std::vector<uint8_t>(row * static_cast<std::size_t>(size.height)) };
    store(GL_PACK_ALIGNMENT, 1);
    read(0, 0, size.width, size.height, GL_RGB, GL_UNSIGNED_BYTE, image.pixels.data());
    // OpenGL counts rows from the bottom.
    auto height = static_cast<std::size_t>(size.height);
    for (std::size_t y = 0; y < height / 2; ++y) {
        auto* upper = image.pixels.data() + y * row;
        std::swap_ranges(upper, upper + row, image.pixels.data() + (height - 1 - y) * row);
    }
    return image;
}

}
