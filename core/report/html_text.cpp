#include "core/report/html_text.hpp"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>

namespace ringside {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// The bytes of the character at the beginning of `text`; 0 if there is none (Unicode 15, table 3-7).
std::size_t character_size(std::string_view text)
{
    auto byte = [&](std::size_t i) { return static_cast<uint8_t>(i < text.size() ? text[i] : 0); };
    auto continues = [&](std::size_t from, std::size_t to) {
        while (from < to && (byte(from) & 0xC0) == 0x80)
            ++from;
        return from == to;
    };
    uint8_t first = byte(0), second = byte(1);
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return continues(1, 2) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        bool is_overlong = first == 0xE0 && second < 0xA0;
        bool is_surrogate = first == 0xED && second > 0x9F;
        return continues(1, 3) && !is_overlong && !is_surrogate ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        bool is_out_of_range = (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
        return continues(1, 4) && !is_out_of_range ? 4 : 0;
    }
    return 0;
}

// Controls of C0 and C1, but not the end of a line.
bool is_control(std::string_view character)
{
    auto first = static_cast<uint8_t>(character[0]);
    if (character.size() == 2)
        return first == 0xC2 && static_cast<uint8_t>(character[1]) < 0xA0;
    return character.size() == 1 && ((first < 0x20 && first != '\n') || first == 0x7F);
}

void append_escaped(std::string& out, std::string_view character)
{
    constexpr std::string_view special = "&<>\"'";
    constexpr std::string_view names[] { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
    auto at = character.size() == 1 ? special.find(character[0]) : std::string_view::npos;
    if (is_control(character))
        out += replacement;
    else
        out += at == std::string_view::npos ? character : names[at];
}

std::string cell(std::string_view element, std::string_view text)
{
    auto end = element.substr(0, element.find(' '));
    return fmt::format("<{}>{}</{}>", element, html_escaped(text), end);
}

}

std::string html_escaped(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        auto size = character_size(text);
        if (size == 0)
            out += replacement;
        else
            append_escaped(out, text.substr(0, size));
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return out;
}

std::string html_table(std::string_view caption, const std::vector<std::string>& heading,
    const std::vector<std::vector<std::string>>& rows)
{
    std::string text = "<div class=\"scroll\"><table>\n";
    if (!caption.empty())
        text += cell("caption", caption) + '\n';
    text += "<thead><tr>";
    for (const auto& name : heading)
        text += cell("th scope=\"col\"", name);
    text += "</tr></thead>\n<tbody>\n";
    for (const auto& row : rows) {
        text += "<tr>";
        for (std::size_t i = 0; i < heading.size(); ++i)
            text += cell(i == 0 ? "th scope=\"row\"" : "td", i < row.size() ? row[i] : "");
        text += "</tr>\n";
    }
    return text + "</tbody></table></div>\n";
}

}
