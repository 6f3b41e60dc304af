#include "cli/discrepancy_table.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace ringside {

namespace {

constexpr std::size_t width = 80;
constexpr std::size_t indent = 13; // the first column

// `text` in lines of at most `width`, each behind `indent` blanks.
std::string wrapped(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        std::size_t end = text.size();
        if (end > width - indent) {
            end = text.rfind(' ', width - indent);
            if (end == std::string_view::npos || end == 0)
                end = width - indent;
        }
        out += std::string(indent, ' ') + std::string(text.substr(0, end)) + '\n';
        text.remove_prefix(std::min(text.size(), end + 1));
    }
    return out;
}

}

std::string discrepancy_table(std::span<const Discrepancy> rows, const Style& style)
{
    if (rows.empty())
        return "";
    auto heading = fmt::format("{:<12} {:<32} {}", "INSTRUCTION", "A real ring 0 gives", "The guest got");
    std::string out = "Sensitive instructions that do not trap (Popek & Goldberg 1974):\n"
        + style.paint(Color::Bold, heading) + '\n';
    for (const auto& row : rows) {
        out += fmt::format("{:<12} {:<32} {}\n", row.instruction, row.real, row.given);
        out += style.paint(Color::Dim, wrapped(row.why));
    }
    return out;
}

}
