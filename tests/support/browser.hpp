// A headless browser, to look at a page that the program wrote.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::test {

// Chromium's path, or "" where there is none.
std::string browser();

// Where tests leave pictures for people to look at: build/PRESET/artifacts, beside the program under test.
std::string artifact(const std::string& name);

struct Picture {
    int width = 0;
    int height = 0;
    std::vector<uint8_t> pixels; // red, green, blue
    // How many pixels are this color, or nearly.
    std::size_t count(uint8_t red, uint8_t green, uint8_t blue) const;
    std::size_t colors() const;
};

// Of a PNG file; empty if it cannot be read.
Picture read_picture(const std::string& png);

struct PageView {
    int width = 1100;
    int height = 1600;
    bool dark = false;
};

// Opens the file in a browser of its own, without a network, and leaves a picture at `png`; an empty picture on
// failure.
Picture photograph(const std::string& page, const std::string& png, const PageView& view);
// What the browser has made of the page, as HTML.
std::string document_of(const std::string& page);

} // namespace ringside::test
