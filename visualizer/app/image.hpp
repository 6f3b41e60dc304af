// A picture in memory, and as a PNG file.
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::visualizer {

struct Image {
    int width = 0;
    int height = 0;
    std::vector<uint8_t> pixels; // red, green, blue; from the top left
};

Result<void> write_png(const Image& image, const std::string& path);

}
