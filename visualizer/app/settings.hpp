// What is remembered between starts: $XDG_CONFIG_HOME/ringside/visualizer.toml.
#pragma once

#include "visualizer/app/theme.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::visualizer {

inline constexpr int smallest_scale = 50; // percent
inline constexpr int largest_scale = 400;
inline constexpr int projector_scale = 150;

struct Settings {
    int scale = 100;
    ThemeName theme = ThemeName::Dark;
    int width = 1280;
    int height = 800;
    bool tour_done = false;
    std::vector<std::string> panels {}; // those that are open, by name; empty: the first screen

    bool operator==(const Settings&) const = default;
};

// The next step up (or down, if `direction` is negative) from a scale.
int next_scale(int scale, int direction);

std::string settings_text(const Settings& settings);
// Values that are not possible are brought into their range; "" in `problem` if the text is TOML with the right types.
Settings parse_settings(std::string_view text, std::string& problem);

// "" where there is no home directory; nothing is remembered then.
std::filesystem::path settings_path();

struct LoadedSettings {
    Settings settings;
    std::string message {}; // to be shown; "" if all is well
};
// A file that cannot be read is renamed to *.broken, and the message says so.
LoadedSettings load_settings(const std::filesystem::path& path);
// "" or why it could not be written.
std::string save_settings(const std::filesystem::path& path, const Settings& settings);

}
