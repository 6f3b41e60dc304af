#include "visualizer/app/settings.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace ringside::visualizer {

namespace {

constexpr std::array scales { 50, 67, 75, 80, 90, 100, 110, 125, 150, 175, 200, 250, 300, 350, 400 };
constexpr std::size_t largest_file = 64 * 1024;

// Reads values of a table, and remembers the first whose type is wrong.
class Reader {
public:
    Reader(const toml::table& table, std::string& problem) : m_table(table), m_problem(problem) { }

    template<typename T>
    T get(std::string_view key, T otherwise)
    {
        const auto* node = m_table.get(key);
        if (!node)
            return otherwise;
        auto value = node->value_exact<T>();
        if (!value && m_problem.empty())
            m_problem = fmt::format("'{}' has the wrong type", key);
        return value.value_or(std::move(otherwise));
    }

    int number(std::string_view key, int otherwise, int least, int most)
    {
        return static_cast<int>(std::clamp<int64_t>(get<int64_t>(key, otherwise), least, most));
    }

    std::vector<std::string> words(std::string_view key)
    {
        std::vector<std::string> found;
        const auto* node = m_table.get(key);
        if (const auto* array = node ? node->as_array() : nullptr) {
            for (const auto& element : *array)
                found.push_back(element.value_or(std::string {}));
        }
        return found;
    }

private:
    const toml::table& m_table;
    std::string& m_problem;
};

Settings from_table(const toml::table& table, std::string& problem)
{
    Reader reader(table, problem);
    Settings settings;
    settings.scale = reader.number("scale", settings.scale, smallest_scale, largest_scale);
    settings.theme = theme_from(reader.get<std::string>("theme", "dark")).value_or(ThemeName::Dark);
    settings.width = reader.number("width", settings.width, 200, 7680);
    settings.height = reader.number("height", settings.height, 100, 4320);
    settings.tour_done = reader.get<bool>("tour_done", false);
    settings.panels = reader.words("panels");
    return settings;
}

std::string set_aside(const std::filesystem::path& path, const std::string& problem)
{
    auto broken = path;
    broken += ".broken";
    std::error_code error;
    std::filesystem::rename(path, broken, error);
    return error ? fmt::format("The settings cannot be read ({}): they begin anew.", problem)
                 : fmt::format("The settings cannot be read ({}): they begin anew, the old ones are in {}", problem, broken.string());
}

}

int next_scale(int scale, int direction)
{
    if (direction > 0) {
        const auto* next = std::ranges::upper_bound(scales, scale);
        return next == scales.end() ? scales.back() : *next;
    }
    const auto* next = std::ranges::lower_bound(scales, scale);
    return next == scales.begin() ? scales.front() : *std::prev(next);
}

std::string settings_text(const Settings& settings)
{
    std::string panels;
    for (const auto& panel : settings.panels)
        panels += fmt::format("{}\"{}\"", panels.empty() ? "" : ", ", panel);
    return fmt::format("# Written by ringside-visualizer when it ends.\n"
                       "scale = {}\ntheme = \"{}\"\nwidth = {}\nheight = {}\ntour_done = {}\npanels = [{}]\n",
        settings.scale, theme_word(settings.theme), settings.width, settings.height, settings.tour_done, panels);
}

Settings parse_settings(std::string_view text, std::string& problem)
{
    problem.clear();
    auto parsed = toml::parse(text);
    if (parsed)
        return from_table(parsed.table(), problem);
    problem = fmt::format("line {}: {}", parsed.error().source().begin.line, parsed.error().description());
    return {};
}

std::filesystem::path settings_path()
{
    auto variable = [](const char* name) -> std::filesystem::path {
        const char* value = std::getenv(name);
        return value ? value : "";
    };
    auto base = variable("XDG_CONFIG_HOME");
    // Relative paths are to be ignored (XDG Base Directory Specification).
    if (!base.is_absolute()) {
        auto home = variable("HOME");
        if (!home.is_absolute())
            return {};
        base = home / ".config";
    }
    return base / "ringside" / "visualizer.toml";
}

LoadedSettings load_settings(const std::filesystem::path& path)
{
    std::error_code error;
    if (path.empty() || !std::filesystem::exists(path, error))
        return {};
    std::ifstream in(path, std::ios::binary);
    std::string text(largest_file + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    std::string problem = text.size() > largest_file ? "too large" : "";
    Settings settings;
    if (problem.empty())
        settings = parse_settings(text, problem);
    if (problem.empty())
        return { settings, "" };
    return { {}, set_aside(path, problem) };
}

std::string save_settings(const std::filesystem::path& path, const Settings& settings)
{
    if (path.empty())
        return "";
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    // Whole or not at all: another visualizer may be reading it.
    auto fresh = path;
    fresh += ".new";
    {
        std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
        out << settings_text(settings);
        if (!out.flush())
            return fmt::format("cannot write {}", fresh.string());
    }
    std::filesystem::rename(fresh, path, error);
    return error ? fmt::format("cannot write {}: {}", path.string(), error.message()) : "";
}

}
