#include "tests/visualizer/app/golden_picture.hpp"

#include "tests/catch.hpp"
#include "visualizer/app/image.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>

namespace ringside::test {

namespace {

constexpr int block = 16;                // pixels, each way
constexpr double far_off = 20;           // of 255, of a block's mean
constexpr double most_far_blocks = 0.02; // of all
constexpr double most_mean = 3;          // of 255
constexpr const char* accept_command = "RINGSIDE_ACCEPT=1 build/release/visualizer-app-tests [golden]";

std::array<double, 3> mean_color(const Picture& picture, int left, int top)
{
    std::array<double, 3> sum {};
    int right = std::min(left + block, picture.width), bottom = std::min(top + block, picture.height);
    for (int y = top; y < bottom; ++y) {
        for (int x = left; x < right; ++x) {
            auto at = (static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) + static_cast<std::size_t>(x)) * 3;
            for (std::size_t color = 0; color < 3; ++color)
                sum[color] += picture.pixels[at + color];
        }
    }
    for (auto& color : sum)
        color /= (right - left) * (bottom - top);
    return sum;
}

void keep(const Picture& picture, const std::string& name)
{
    CHECK(visualizer::write_png({ picture.width, picture.height, picture.pixels }, artifact(name)));
}

// Black where they are the same, brighter where they are not.
Picture difference_picture(const Picture& expected, const Picture& got)
{
    constexpr int brightness = 4;
    Picture shown = got;
    for (std::size_t i = 0; i < shown.pixels.size() && i < expected.pixels.size(); ++i)
        shown.pixels[i] = static_cast<uint8_t>(std::min(255, std::abs(int { expected.pixels[i] } - int { got.pixels[i] }) * brightness));
    return shown;
}

}

bool PictureDifference::is_small() const { return same_size && mean <= most_mean && far_blocks <= most_far_blocks; }

PictureDifference difference(const Picture& expected, const Picture& got)
{
    PictureDifference found;
    found.same_size = expected.width == got.width && expected.height == got.height && expected.width > 0;
    if (!found.same_size)
        return found;
    double sum = 0;
    int blocks = 0, far = 0;
    for (int y = 0; y < got.height; y += block) {
        for (int x = 0; x < got.width; x += block) {
            auto left = mean_color(expected, x, y), right = mean_color(got, x, y);
            double most = 0;
            for (std::size_t color = 0; color < 3; ++color) {
                double off = std::abs(left[color] - right[color]);
                sum += off / 3;
                most = std::max(most, off);
            }
            far += most > far_off;
            ++blocks;
        }
    }
    found.mean = sum / blocks;
    found.far_blocks = static_cast<double>(far) / blocks;
    return found;
}

void compare_with_golden_picture(const std::string& name, const Picture& got)
{
    auto file = fmt::format("{}/tests/visualizer/golden/{}.png", RINGSIDE_SOURCE_DIR, name);
    if (const char* accept = std::getenv("RINGSIDE_ACCEPT"); accept && *accept) {
        std::filesystem::create_directories(std::filesystem::path { file }.parent_path());
        REQUIRE(visualizer::write_png({ got.width, got.height, got.pixels }, file));
        return;
    }
    auto expected = read_picture(file);
    auto found = difference(expected, got);
    INFO(file << ": mean difference " << found.mean << " (at most " << most_mean << "), " << found.far_blocks * 100
              << " % of it far off (at most " << most_far_blocks * 100 << ")\nto accept: " << accept_command);
    CHECK(found.is_small());
    if (found.is_small())
        return;
    keep(got, fmt::format("golden-{}.png", name));
    if (found.same_size)
        keep(difference_picture(expected, got), fmt::format("golden-{}-difference.png", name));
}

}
