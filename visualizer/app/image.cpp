#include "visualizer/app/image.hpp"

#include <fmt/format.h>

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace ringside::visualizer {

Result<void> write_png(const Image& image, const std::string& path)
{
    constexpr int channels = 3;
    if (!stbi_write_png(path.c_str(), image.width, image.height, channels, image.pixels.data(), image.width * channels))
        return fail(ExitCode::BadImage, fmt::format("cannot write {}", path));
    return {};
}

}
