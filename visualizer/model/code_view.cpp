#include "visualizer/model/code_view.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>

namespace ringside::visualizer {

namespace {

constexpr uint32_t farthest_symbol = 16 * 1024; // bytes before EIP; code is read from there
constexpr uint32_t longest_try = 64;            // without a symbol

uint32_t linear_eip(const CpuState& state)
{
    return state.segment(Cs).base + state.eip;
}

const ZydisFormatter& formatter()
{
    static const ZydisFormatter made = [] {
        ZydisFormatter intel;
        ZydisFormatterInit(&intel, ZYDIS_FORMATTER_STYLE_INTEL);
        return intel;
    }();
    return made;
}

std::string text_of(const Instruction& instruction, uint32_t address)
{
    std::array<char, 128> text {};
    ZydisFormatterFormatInstruction(&formatter(), &instruction.info, instruction.operands.data(),
        instruction.info.operand_count_visible, text.data(), text.size(), address, nullptr);
    return text.data();
}

std::string target_of(const Instruction& instruction, uint32_t address, const SymbolTable& symbols)
{
    const auto& operand = instruction.operands[0];
    bool is_direct = instruction.info.operand_count_visible > 0 && operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE
        && operand.imm.is_relative;
    ZyanU64 target = 0;
    if (!is_direct || ZYAN_FAILED(ZydisCalcAbsoluteAddress(&instruction.info, &operand, address, &target)))
        return "";
    return symbols.name_of(static_cast<uint32_t>(target));
}

// The lines of bytes that lie one after the other, at most `count`.
class Listing {
public:
    Listing(const CpuState& state, const SymbolTable& symbols) : m_decoder(state), m_symbols(symbols), m_eip(linear_eip(state)) { }

    std::vector<CodeLine> of(std::span<const uint8_t> bytes, uint32_t address, std::size_t count) const
    {
        std::vector<CodeLine> code;
        while (!bytes.empty() && code.size() < count) {
            code.push_back(line(bytes, address));
            auto length = code.back().bytes.size();
            bytes = bytes.subspan(length);
            address += static_cast<uint32_t>(length);
        }
        return code;
    }

private:
    CodeLine line(std::span<const uint8_t> bytes, uint32_t address) const
    {
        CodeLine shown;
        shown.address = address;
        shown.is_next = address == m_eip;
        if (const auto* symbol = m_symbols.find(address); symbol && symbol->address == address)
            shown.symbol = symbol->name;
        Instruction instruction;
        if (!m_decoder.decode(bytes, InstructionDecoder::Operands::All, instruction)) {
            shown.bytes = { bytes[0] };
            shown.text = "(bad)";
            return shown;
        }
        shown.bytes.assign(bytes.begin(), bytes.begin() + instruction.length());
        shown.text = text_of(instruction, address);
        shown.target = target_of(instruction, address, m_symbols);
        if (const auto* known = find_instruction_line(instruction)) {
            shown.kind = known->kind;
            shown.effect = known->effect;
        }
        return shown;
    }

    InstructionDecoder m_decoder;
    const SymbolTable& m_symbols;
    uint32_t m_eip;
};

// What lies between `begin` and EIP, as instructions; empty if they do not end at EIP, or some bytes are none.
std::vector<CodeLine> leading_to_eip(GuestMemory& memory, const CpuState& state, const Listing& listing, uint32_t begin)
{
    uint32_t eip = linear_eip(state);
    auto bytes = bytes_at(memory, state, Gla { begin }, eip - begin);
    if (bytes.size() != eip - begin)
        return {};
    auto code = listing.of(bytes, begin, bytes.size());
    bool is_whole = std::ranges::none_of(code, [](const auto& line) { return line.text == "(bad)"; });
    return is_whole ? code : std::vector<CodeLine> {};
}

std::vector<CodeLine> code_before_eip(
    GuestMemory& memory, const CpuState& state, const SymbolTable& symbols, const Listing& listing, std::size_t count)
{
    uint32_t eip = linear_eip(state);
    std::vector<CodeLine> code;
    if (const auto* symbol = symbols.find(eip); symbol && symbol->address < eip && eip - symbol->address <= farthest_symbol)
        code = leading_to_eip(memory, state, listing, symbol->address);
    for (uint32_t back = std::min(longest_try, eip); code.empty() && back > 0; --back)
        code = leading_to_eip(memory, state, listing, eip - back);
    if (code.size() > count)
        code.erase(code.begin(), code.end() - static_cast<std::ptrdiff_t>(count));
    return code;
}

TranslatedLine line_of(const InstructionPair& pair)
{
    return { pair.address, pair.guest, "", ' ', pair.note, pair.host };
}

}

char class_letter(InstructionClass kind)
{
    switch (kind) {
    case InstructionClass::Ordinary: return ' ';
    case InstructionClass::Privileged: return 'P';
    case InstructionClass::IoPrivileged: return 'I';
    case InstructionClass::Sensitive: return 'S';
    }
    return ' ';
}

std::string_view class_words(InstructionClass kind)
{
    switch (kind) {
    case InstructionClass::Ordinary: return "the same in every ring";
    case InstructionClass::Privileged: return "faults outside ring 0";
    case InstructionClass::IoPrivileged: return "faults outside the rings that IOPL allows";
    case InstructionClass::Sensitive: return "touches privileged state in any ring, and does not fault";
    }
    return "unknown";
}

std::vector<CodeLine> code_from(
    GuestMemory& memory, const CpuState& state, const SymbolTable& symbols, uint32_t address, std::size_t count)
{
    auto bytes = bytes_at(memory, state, Gla { address }, count * longest_instruction);
    return Listing(state, symbols).of(bytes, address, count);
}

std::vector<CodeLine> code_around_eip(
    GuestMemory& memory, const CpuState& state, const SymbolTable& symbols, std::size_t before, std::size_t after)
{
    auto behind = code_from(memory, state, symbols, linear_eip(state), after + 1);
    if (behind.empty() || before == 0)
        return behind;
    auto code = code_before_eip(memory, state, symbols, Listing(state, symbols), before);
    code.insert(code.end(), behind.begin(), behind.end());
    return code;
}

std::vector<BlockView> translated_blocks(const GuestSnapshot& snapshot, const SymbolTable& symbols)
{
    std::vector<BlockView> shown;
    if (!snapshot.code)
        return shown;
    const auto& listing = *snapshot.code;
    TranslationText text(listing, symbols);
    for (const auto& block : listing.blocks) {
        auto& view = shown.emplace_back(BlockView { block.address, block.ring, block.active, text.symbol_of(block), {} });
        std::size_t next = 0;
        for (const auto& pair : text.pairs(block)) {
            auto& line = view.instructions.emplace_back(line_of(pair));
            if (pair.guest.empty() || next >= block.instructions.size())
                continue;
            const auto& one = block.instructions[next++];
            line.treatment = listing.treatments[one.treatment];
            line.reason = listing.reasons[one.reason];
            bool is_changed = one.treatment != 0 && !line.treatment.empty();
            line.letter = is_changed ? static_cast<char>(line.treatment[0] & ~0x20) : ' ';
            line.is_next = pair.address == linear_eip(snapshot.cpu);
        }
    }
    return shown;
}

std::vector<std::string> lines(const std::vector<CodeLine>& code)
{
    std::vector<std::string> text;
    for (const auto& line : code) {
        if (!line.symbol.empty())
            text.push_back(line.symbol + ":");
        std::string bytes;
        for (auto byte : line.bytes)
            bytes += fmt::format("{:02x}", byte);
        auto words = fmt::format("{} {} {:08x}  {:<22} {}", line.is_next ? "=>" : "  ", class_letter(line.kind), line.address,
            bytes, line.text);
        if (!line.target.empty())
            words += "  -> " + line.target;
        if (!line.effect.empty())
            words += "  ; " + line.effect;
        text.push_back(std::move(words));
    }
    return text;
}

std::vector<std::string> lines(const BlockView& block)
{
    std::vector<std::string> text { fmt::format("block {:#010x} {}, ring {}{}", block.address, block.symbol, block.ring,
        block.active ? "" : ", dormant") };
    for (const auto& line : block.instructions) {
        text.push_back(line.guest.empty() ? fmt::format("     ({})", line.reason)
                                          : fmt::format("{} {} {:08x}  {}", line.is_next ? "=>" : "  ", line.letter, line.address, line.guest));
        if (line.letter != ' ')
            text.push_back(fmt::format("       {}: {}", line.treatment, line.reason));
        for (const auto& host : line.host)
            text.push_back(fmt::format("         +{:03x}  {}", host.offset, host.text));
    }
    return text;
}

}
