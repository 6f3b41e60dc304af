#include "core/devices/screen_text.hpp"

#include <array>
#include <string_view>

namespace ringside {

namespace {

// The glyphs of code page 437, as IBM's character ROM draws them (0x00 and 0xFF are blank).
constexpr std::array<std::u8string_view, 16> code_page_437 {
    u8" ☺☻♥♦♣♠•◘○◙♂♀♪♫☼",
    u8"►◄↕‼¶§▬↨↑↓→←∟↔▲▼",
    u8" !\"#$%&'()*+,-./",
    u8"0123456789:;<=>?",
    u8"@ABCDEFGHIJKLMNO",
    u8"PQRSTUVWXYZ[\\]^_",
    u8"`abcdefghijklmno",
    u8"pqrstuvwxyz{|}~⌂",
    u8"ÇüéâäàåçêëèïîìÄÅ",
    u8"ÉæÆôöòûùÿÖÜ¢£¥₧ƒ",
    u8"áíóúñÑªº¿⌐¬½¼¡«»",
    u8"░▒▓│┤╡╢╖╕╣║╗╝╜╛┐",
    u8"└┴┬├─┼╞╟╚╔╩╦╠═╬╧",
    u8"╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀",
    u8"αßΓπΣσµτΦΘΩδ∞φε∩",
    u8"≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ",
};

bool continues_character(char8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

std::array<std::string, 256> split_glyphs()
{
    std::array<std::string, 256> glyphs;
    for (std::size_t row = 0; row < code_page_437.size(); ++row) {
        std::size_t index = row * 16;
        for (auto byte : code_page_437[row]) {
            if (!glyphs[index].empty() && !continues_character(byte))
                ++index;
            glyphs[index] += static_cast<char>(byte);
        }
    }
    return glyphs;
}

bool is_blank(uint8_t character)
{
    return glyph_437(character) == " ";
}

std::string row_text(const VgaTextSnapshot& screen, unsigned row)
{
    unsigned width = VgaTextSnapshot::columns;
    while (width > 0 && is_blank(screen.at(width - 1, row).character))
        --width;
    std::string text;
    for (unsigned column = 0; column < width; ++column)
        text += glyph_437(screen.at(column, row).character);
    return text;
}

}

std::string_view glyph_437(uint8_t character)
{
    static const auto glyphs = split_glyphs();
    return glyphs[character];
}

std::string screen_text(const VgaTextSnapshot& screen)
{
    std::string text;
    std::string empty_lines; // shown only if something follows
    for (unsigned row = 0; row < VgaTextSnapshot::rows; ++row) {
        auto line = row_text(screen, row);
        if (line.empty()) {
            empty_lines += '\n';
            continue;
        }
        text += empty_lines + line + '\n';
        empty_lines.clear();
    }
    return text;
}

}
