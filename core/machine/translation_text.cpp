#include "core/machine/translation_text.hpp"

#include "core/x86/decode.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <span>
#include <utility>

namespace ringside {

namespace {

constexpr std::size_t gutter = 2 + 8 + 2 + 2 + 4 + 2; // margins, the guest's address, the host's offset
constexpr std::size_t note_margin = 4;

// Blocks are of flat 32-bit code.
CpuState flat_mode()
{
    CpuState state;
    state.cr0 |= cr0::pe;
    state.segment(Cs).attributes = state.segment(Ss).attributes = Segment::default_big;
    return state;
}

bool decode(std::span<const uint8_t> bytes, Instruction& instruction)
{
    static const CpuState state = flat_mode();
    return decode_bytes(state, bytes.first(std::min<std::size_t>(bytes.size(), longest_instruction)), instruction);
}

std::string formatted(const Instruction& instruction, uint32_t address)
{
    static const ZydisFormatter formatter = [] {
        ZydisFormatter made;
        ZydisFormatterInit(&made, ZYDIS_FORMATTER_STYLE_INTEL);
        return made;
    }();
    std::array<char, 128> text {};
    ZydisFormatterFormatInstruction(&formatter, &instruction.info, instruction.operands.data(),
        instruction.info.operand_count_visible, text.data(), text.size(), address, nullptr);
    return text.data();
}

// Where a direct near branch goes.
std::optional<uint32_t> branch_target(const Instruction& instruction, uint32_t address)
{
    const auto& operand = instruction.operands[0];
    if (instruction.info.operand_count_visible == 0 || operand.type != ZYDIS_OPERAND_TYPE_IMMEDIATE || !operand.imm.is_relative)
        return std::nullopt;
    return address + instruction.length() + static_cast<uint32_t>(operand.imm.value.s);
}

// "call 0x00101234" with words in the address's place.
std::string with_target(std::string text, const std::string& target)
{
    auto behind = text.rfind(' ');
    return target.empty() || behind == std::string::npos ? text : text.substr(0, behind + 1) + target;
}

bool is_far_jump(const Instruction& instruction)
{
    return instruction.info.mnemonic == ZYDIS_MNEMONIC_JMP && instruction.info.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR
        && instruction.operands[0].type == ZYDIS_OPERAND_TYPE_POINTER;
}

// The displacement of the memory operand that goes through GS, which is the monitor's in every translation.
std::optional<uint32_t> monitor_place(const Instruction& instruction)
{
    for (const auto& operand : instruction.all_operands()) {
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.segment == ZYDIS_REGISTER_GS)
            return static_cast<uint32_t>(operand.mem.disp.value);
    }
    return std::nullopt;
}

// "mov dword ptr gs:[ecx*4+0xFE042000], 0x02" with a name in the number's place; the name says how large it is.
std::string with_place(std::string text, const std::string& name)
{
    auto bracket = text.find("gs:[");
    auto end = text.find(']', bracket);
    auto number = text.rfind("0x", end);
    if (name.empty() || bracket == std::string::npos || end == std::string::npos || number == std::string::npos || number < bracket)
        return text;
    text.replace(number, end - number, name);
    // It is above 2 GiB, and taken for negative.
    if (text[number - 1] == '-')
        text[number - 1] = '+';
    for (std::string_view size : { "dword ptr ", "byte ptr ", "word ptr " }) {
        if (auto at = text.find(size); at != std::string::npos && at < bracket)
            return text.erase(at, size.size());
    }
    return text;
}

struct Columns {
    std::size_t guest = 26, host = 34;

    explicit Columns(const Style& style)
    {
        std::size_t more = std::clamp<std::size_t>(style.width, 80, 120) - 80;
        guest += more / 2;
        host += more - more / 2;
    }
    std::size_t left() const { return 2 + 8 + 2 + guest; }
};

struct Line {
    std::string text;
    Color color = Color::Plain;
};

std::vector<Line> left_lines(const InstructionPair& pair, const Columns& columns)
{
    std::vector<Line> lines;
    for (const auto& text : broken_into_lines(pair.guest, columns.guest))
        lines.push_back({ lines.empty() ? fmt::format("  {:08x}  {}", pair.address, text) : std::string(12, ' ') + text });
    for (const auto& text : broken_into_lines(pair.note, columns.left() - note_margin))
        lines.push_back({ std::string(note_margin, ' ') + text, Color::Dim });
    return lines;
}

std::vector<std::string> right_lines(const InstructionPair& pair, const Columns& columns)
{
    std::vector<std::string> lines;
    for (const auto& instruction : pair.host) {
        bool first = true;
        for (const auto& text : broken_into_lines(instruction.text, columns.host)) {
            lines.push_back((first ? fmt::format("  +{:03x}  ", instruction.offset) : std::string(8, ' ')) + text);
            first = false;
        }
    }
    return lines;
}

std::string pair_text(const InstructionPair& pair, const Style& style)
{
    Columns columns(style);
    static_assert(gutter + 26 + 34 == 80);
    auto left = left_lines(pair, columns);
    auto right = right_lines(pair, columns);
    std::string text;
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
        Line line = i < left.size() ? left[i] : Line {};
        std::size_t padding = i < right.size() ? columns.left() - line.text.size() : 0;
        text += style.paint(line.color, line.text) + std::string(padding, ' ') + (i < right.size() ? right[i] : "") + '\n';
    }
    return text;
}

}

std::vector<std::string> broken_into_lines(std::string_view text, std::size_t width)
{
    std::vector<std::string> lines;
    while (!text.empty()) {
        std::size_t end = text.size();
        if (end > width) {
            auto space = text.rfind(' ', width);
            end = space == std::string_view::npos || space == 0 ? width : space;
        }
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(text.find_first_not_of(' ', end), text.size()));
    }
    return lines;
}

TranslationText::TranslationText(const TranslationListing& listing, const SymbolTable& symbols)
    : m_listing(listing)
    , m_symbols(symbols)
{
    for (const auto& block : listing.blocks)
        m_by_host.push_back(&block);
    std::ranges::sort(m_by_host, {}, [](const auto* block) { return block->host; });
}

std::string TranslationText::place_named(uint32_t address) const
{
    auto found = std::ranges::find(m_listing.places, address, &Symbol::address);
    return found == m_listing.places.end() ? "" : found->name;
}

// The symbols are the kernel's: what ring 3 has at these addresses is something else.
std::string TranslationText::guest_target(const TranslatedBlock& block, uint32_t target) const
{
    return block.ring == 3 ? "" : m_symbols.name_of(target);
}

std::string TranslationText::symbol_of(const TranslatedBlock& block) const
{
    return guest_target(block, block.address);
}

std::string TranslationText::host_target(const TranslatedBlock& block, uint32_t target) const
{
    if (target - block.host < block.translation.size())
        return fmt::format("+{:03x}", target - block.host);
    if (auto place = place_named(target); !place.empty())
        return place;
    auto behind = std::ranges::upper_bound(m_by_host, target, {}, [](const auto* one) { return one->host; });
    if (behind == m_by_host.begin() || target - behind[-1]->host >= behind[-1]->translation.size())
        return "";
    return fmt::format("block {:08x}", behind[-1]->address);
}

std::vector<InstructionPair::HostInstruction> TranslationText::host_code(
    const TranslatedBlock& block, std::size_t begin, std::size_t end) const
{
    std::vector<InstructionPair::HostInstruction> code;
    while (begin < end) {
        auto bytes = std::span { block.translation }.subspan(begin, end - begin);
        auto offset = static_cast<uint16_t>(begin);
        auto address = block.host + offset;
        Instruction instruction;
        if (!decode(bytes, instruction)) {
            code.push_back({ offset, fmt::format("(byte {:#04x})", bytes[0]) });
            ++begin;
            continue;
        }
        auto text = formatted(instruction, address);
        if (auto target = branch_target(instruction, address))
            text = with_target(text, host_target(block, *target));
        else if (auto place = monitor_place(instruction))
            text = with_place(text, place_named(*place));
        else if (is_far_jump(instruction) && !place_named(instruction.operands[0].ptr.offset).empty())
            text = "jmp far " + place_named(instruction.operands[0].ptr.offset);
        code.push_back({ offset, std::move(text) });
        begin += instruction.length();
    }
    return code;
}

std::vector<InstructionPair> TranslationText::pairs(const TranslatedBlock& block) const
{
    std::vector<InstructionPair> all;
    std::size_t first = block.instructions.empty() ? block.stubs : block.instructions.front().host_offset;
    all.push_back({ 0, "", "(for indirect branches: is this block the one that is looked for?)", host_code(block, 0, block.body) });
    if (first > block.body)
        all.push_back({ 0, "", "(is the code still what was translated?)", host_code(block, block.body, first) });
    for (std::size_t i = 0; i < block.instructions.size(); ++i) {
        const auto& one = block.instructions[i];
        std::size_t end = i + 1 < block.instructions.size() ? block.instructions[i + 1].host_offset : block.stubs;
        InstructionPair pair { block.address + one.guest_offset, "(none)", "", host_code(block, one.host_offset, end) };
        Instruction instruction;
        if (decode(std::span { block.source }.subspan(one.guest_offset, one.length), instruction)) {
            pair.guest = formatted(instruction, pair.address);
            if (auto target = branch_target(instruction, pair.address))
                pair.guest = with_target(pair.guest, guest_target(block, *target));
        }
        if (one.treatment != 0)
            pair.note = m_listing.treatments[one.treatment] + ": " + m_listing.reasons[one.reason];
        all.push_back(std::move(pair));
    }
    if (block.stubs < block.translation.size())
        all.push_back({ 0, "", "(calls of the monitor: for branches that are not linked yet, and when an interrupt waits)",
            host_code(block, block.stubs, block.translation.size()) });
    return all;
}

std::string TranslationText::block(const TranslatedBlock& block, const Style& style) const
{
    auto size = fmt::format("ring {}, {} to {} bytes{}", block.ring, block.source.size(), block.translation.size(),
        block.active ? "" : ", dormant");
    auto name = fmt::format("{:08x}", block.address);
    if (auto symbol = symbol_of(block); !symbol.empty())
        name += "  " + broken_into_lines(symbol, 40).front();
    auto text = fmt::format("{}  {}\n", style.paint(Color::Bold, name), style.paint(ring_color(block.ring), size));
    for (const auto& pair : pairs(block))
        text += pair_text(pair, style);
    return text;
}

}
