#include "tests/support/browser.hpp"

#include "tests/support/command.hpp"
#include "tests/support/running.hpp"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <set>
#include <unistd.h>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace ringside::test {

namespace {

// Root has no sandbox for the browser to use. An empty profile of its own, and a network name space without a network
// where that is permitted, keep it from whatever it may want besides the page.
std::string command_for(const Scratch& profile, const std::string& options, const std::string& page)
{
    auto isolated = geteuid() == 0 ? "unshare --net " : "";
    return fmt::format("exec timeout 60 {}'{}' --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
                       "--disable-background-networking --disable-component-update --disable-sync --hide-scrollbars "
                       "--user-data-dir='{}' {} 'file://{}' 2>/dev/null",
        isolated, browser(), profile.path("profile"), options, page);
}

bool is_near(uint8_t a, uint8_t b)
{
    return std::abs(int { a } - int { b }) <= 3;
}

} // namespace

std::string browser()
{
    for (auto path : { "/usr/bin/chromium", "/usr/bin/chromium-browser" }) {
        if (access(path, X_OK) == 0)
            return path;
    }
    return "";
}

std::string artifact(const std::string& name)
{
    auto directory = std::filesystem::path { program() }.parent_path() / "artifacts";
    std::filesystem::create_directories(directory);
    return directory / name;
}

std::size_t Picture::count(uint8_t red, uint8_t green, uint8_t blue) const
{
    std::size_t found = 0;
    for (std::size_t i = 0; i + 2 < pixels.size(); i += 3)
        found += is_near(pixels[i], red) && is_near(pixels[i + 1], green) && is_near(pixels[i + 2], blue);
    return found;
}

std::size_t Picture::colors() const
{
    std::set<uint32_t> seen;
    for (std::size_t i = 0; i + 2 < pixels.size(); i += 3)
        seen.insert(uint32_t { pixels[i] } << 16 | uint32_t { pixels[i + 1] } << 8 | pixels[i + 2]);
    return seen.size();
}

Picture read_picture(const std::string& png)
{
    Picture picture;
    int channels = 0;
    auto* data = stbi_load(png.c_str(), &picture.width, &picture.height, &channels, 3);
    if (!data)
        return {};
    picture.pixels.assign(data,
        data + std::size_t { 3 } * static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height));
    stbi_image_free(data);
    return picture;
}

Picture photograph(const std::string& page, const std::string& png, const PageView& view)
{
    Scratch profile;
    std::filesystem::remove(png);
    auto options = fmt::format("--window-size={},{} --screenshot='{}'{}", view.width, view.height, png,
        view.dark ? " --blink-settings=preferredColorScheme=0" : "");
    (void)!std::system((command_for(profile, options, page) + " >/dev/null").c_str());
    return read_picture(png);
}

std::string document_of(const std::string& page)
{
    Scratch profile;
    FILE* pipe = popen(command_for(profile, "--dump-dom", page).c_str(), "r");
    if (!pipe)
        return "";
    std::string text;
    char buffer[4096];
    for (std::size_t size = 0; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        text.append(buffer, size);
    pclose(pipe);
    return text;
}

} // namespace ringside::test
