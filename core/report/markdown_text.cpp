#include "core/report/markdown_text.hpp"

namespace ringside {

namespace {

std::string row_of(const std::vector<std::string>& cells, std::size_t columns)
{
    std::string row = "|";
    for (std::size_t i = 0; i < columns; ++i)
        row += ' ' + (i < cells.size() ? markdown_escaped(cells[i]) : "") + " |";
    return row + '\n';
}

}

std::string markdown_escaped(std::string_view text)
{
    std::string escaped;
    for (char c : text) {
        bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        if (std::string_view { "\\`*_[]<>|#~&" }.find(c) != std::string_view::npos && !is_control)
            escaped += '\\';
        escaped += is_control ? ' ' : c;
    }
    return escaped;
}

std::string markdown_table(const std::vector<std::string>& heading, const std::vector<std::vector<std::string>>& rows)
{
    auto text = row_of(heading, heading.size()) + "|:---|";
    for (std::size_t i = 1; i < heading.size(); ++i)
        text += "---:|";
    text += '\n';
    for (const auto& row : rows)
        text += row_of(row, heading.size());
    return text;
}

}
