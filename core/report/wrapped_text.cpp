#include "core/report/wrapped_text.hpp"

#include <algorithm>

namespace ringside {

namespace {

bool begins_character(char c)
{
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

// The bytes of the first `characters` characters.
std::size_t bytes_of(std::string_view text, std::size_t characters)
{
    std::size_t at = 0;
    while (at < text.size()) {
        if (begins_character(text[at]) && characters-- == 0)
            break;
        ++at;
    }
    return at;
}

std::string spaces(std::string_view text, std::size_t width)
{
    return std::string(width - std::min(width, width_of(text)), ' ');
}

}

std::size_t width_of(std::string_view utf8)
{
    return static_cast<std::size_t>(std::ranges::count_if(utf8, begins_character));
}

std::string fitting(std::string_view text, const Style& style)
{
    constexpr std::string_view arrow = "→";
    std::string plain;
    for (std::size_t at = 0; at < text.size() && !style.unicode;) {
        bool is_arrow = text.substr(at).starts_with(arrow);
        auto size = is_arrow ? arrow.size() : std::max<std::size_t>(bytes_of(text.substr(at), 1), 1);
        plain += is_arrow ? "->" : static_cast<unsigned char>(text[at]) < 0x80 ? text.substr(at, 1) : "?";
        at += size;
    }
    return style.unicode ? std::string { text } : plain;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent)
{
    std::string lines, line;
    auto end_line = [&] {
        lines += line + '\n';
        line.assign(indent, ' ');
    };
    bool is_empty = true;
    while (!text.empty()) {
        auto word = text.substr(0, text.find(' '));
        if (word.empty()) {
            text.remove_prefix(1);
            continue;
        }
        if (!is_empty && width_of(line) + 1 + width_of(word) > width) {
            end_line();
            is_empty = true;
        }
        word = word.substr(0, bytes_of(word, width - std::min(width - 1, width_of(line) + (is_empty ? 0 : 1))));
        line += is_empty ? "" : " ";
        line += word;
        is_empty = false;
        text.remove_prefix(word.size());
    }
    if (!is_empty)
        end_line();
    return lines;
}

std::string labeled(std::string_view label, std::string_view text, std::size_t width, std::size_t indent)
{
    std::string lines;
    auto flowing = wrapped(text, width - indent);
    if (flowing.empty())
        flowing = "\n";
    for (std::string_view left = flowing; !left.empty();) {
        auto line = left.substr(0, left.find('\n') + 1);
        lines += lines.empty() ? padded_right(label, indent) : std::string(indent, ' ');
        lines += line;
        left.remove_prefix(line.size());
    }
    return lines;
}

std::string padded_left(std::string_view text, std::size_t width)
{
    return spaces(text, width) + std::string { text };
}

std::string padded_right(std::string_view text, std::size_t width)
{
    return std::string { text } + spaces(text, width);
}

}
