#include "visualizer/app/fonts.hpp"

#include <array>
#include <cmath>
#include <string>
#include <unistd.h>

namespace ringside::visualizer {

namespace {

constexpr float text_pixels = 16.0f;

// Latin, Greek's µ, dashes, arrows, mathematical signs, box drawing, block elements, geometric shapes, and what else code
// page 437 has.
constexpr std::array<ImWchar, 23> glyphs { 0x0020, 0x017F, 0x0192, 0x0192, 0x0393, 0x03C6, 0x2010, 0x203C, 0x207F, 0x207F, 0x20A7, 0x20A7,
    0x2190, 0x21FF, 0x2200, 0x22FF, 0x2302, 0x2321, 0x2500, 0x266B, 0x2713, 0x2717, 0 };

ImFont* load(const char* file, float pixels)
{
    auto& atlas = *ImGui::GetIO().Fonts;
    auto path = std::string { "/usr/share/fonts/truetype/dejavu/" } + file;
    ImFontConfig config;
    config.OversampleH = 2;
    config.OversampleV = 1;
    config.PixelSnapH = true;
    if (access(path.c_str(), R_OK) == 0) {
        if (auto* font = atlas.AddFontFromFileTTF(path.c_str(), pixels, &config, glyphs.data()))
            return font;
    }
    // A bitmap of 13 pixels: larger sizes are rendered from it as they are.
    config = {};
    config.SizePixels = pixels;
    return atlas.AddFontDefault(&config);
}

}

Fonts build_fonts(float scale)
{
    auto& atlas = *ImGui::GetIO().Fonts;
    atlas.Clear();
    atlas.Flags |= ImFontAtlasFlags_NoPowerOfTwoHeight;
    atlas.TexDesiredWidth = scale > 2 ? 4096 : 2048;
    float pixels = std::round(text_pixels * scale);
    Fonts fonts;
    fonts.text = load("DejaVuSans.ttf", pixels);
    fonts.bold = load("DejaVuSans-Bold.ttf", pixels);
    fonts.mono = load("DejaVuSansMono.ttf", std::round(pixels * 0.94f));
    fonts.large = load("DejaVuSans-Bold.ttf", std::round(pixels * 1.35f));
    return fonts;
}

}
