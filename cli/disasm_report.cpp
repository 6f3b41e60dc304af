#include "cli/disasm_report.hpp"

#include "core/machine/kernel_image.hpp"
#include "core/machine/translation_counters.hpp"
#include "core/machine/translation_text.hpp"
#include "core/session/near_match.hpp"
#include "core/trace/time_format.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace ringside {

namespace {

constexpr std::size_t blocks_at_first = 8;

std::optional<uint32_t> hexadecimal(std::string_view text)
{
    if (text.starts_with("0x") || text.starts_with("0X"))
        text.remove_prefix(2);
    uint32_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    bool whole = error == std::errc {} && end == text.data() + text.size();
    return whole ? std::optional { value } : std::nullopt;
}

// A symbol, or else a number.
Result<uint32_t> address_of(const std::string& text, const SymbolTable& symbols)
{
    auto named = std::ranges::find(symbols.symbols(), text, &Symbol::name);
    if (named != symbols.symbols().end())
        return named->address;
    if (auto number = hexadecimal(text))
        return *number;
    std::vector<std::string> names;
    for (const auto& symbol : symbols.symbols())
        names.push_back(symbol.name);
    auto near = nearest(text, names);
    return fail(ExitCode::Usage, fmt::format("there is no address or symbol '{}'", printable(text)),
        near.empty() ? "an address is hexadecimal, as in 0x00100034" : fmt::format("did you mean '{}'?", near));
}

bool has_instruction_at(const TranslatedBlock& block, uint32_t address)
{
    return std::ranges::any_of(block.instructions,
        [&](const auto& one) { return address - (block.address + one.guest_offset) < one.length; });
}

Unexpected not_translated(const TranslationListing& listing, uint32_t address)
{
    const TranslatedBlock* next = nullptr;
    for (const auto& block : listing.blocks) {
        if (block.address >= address && (!next || block.address < next->address))
            next = &block;
    }
    return fail(ExitCode::Usage, fmt::format("nothing at {:#010x} has been translated: the guest has not come there", address),
        next ? fmt::format("the next block is at {:#010x}", next->address) : "");
}

std::string exits_text(const Statistics& statistics, const Style& style)
{
    auto text = style.paint(Color::Bold, "What the monitor did, by exits") + '\n';
    for (const auto& exit : statistics.exits)
        text += fmt::format("{:<22}{:>14}\n", describe(exit.kind).name, format_count(exit.count));
    return text;
}

nlohmann::json block_json(const TranslatedBlock& block, const TranslationText& text, const TranslationListing& listing)
{
    auto pairs = nlohmann::json::array();
    std::size_t next = 0;
    for (const auto& pair : text.pairs(block)) {
        nlohmann::json entry;
        if (!pair.guest.empty()) {
            const auto& one = block.instructions[next++];
            entry = { { "address", pair.address }, { "guest", pair.guest }, { "treatment", listing.treatments[one.treatment] },
                { "reason", listing.reasons[one.reason] } };
        } else {
            entry = { { "note", pair.note } };
        }
        auto host = nlohmann::json::array();
        for (const auto& instruction : pair.host)
            host.push_back({ { "offset", instruction.offset }, { "text", instruction.text } });
        entry["host"] = std::move(host);
        pairs.push_back(std::move(entry));
    }
    return { { "address", block.address }, { "ring", block.ring }, { "active", block.active }, { "symbol", text.symbol_of(block) },
        { "source_bytes", block.source.size() }, { "host_bytes", block.translation.size() }, { "code", std::move(pairs) } };
}

}

Result<ChosenBlocks> choose_blocks(const TranslationListing& listing, const SymbolTable& symbols, const DisasmChoice& choice)
{
    ChosenBlocks chosen;
    if (choice.address.empty()) {
        std::size_t count = choice.all ? listing.blocks.size() : std::min(blocks_at_first, listing.blocks.size());
        for (std::size_t i = 0; i < count; ++i)
            chosen.blocks.push_back(&listing.blocks[i]);
        chosen.left_out = listing.blocks.size() - count;
        return chosen;
    }
    auto address = address_of(choice.address, symbols);
    if (!address)
        return address.propagate();
    chosen.by_address = true;
    for (const auto& block : listing.blocks) {
        if (has_instruction_at(block, *address))
            chosen.blocks.push_back(&block);
    }
    if (chosen.blocks.empty())
        return not_translated(listing, *address);
    return chosen;
}

std::string disassembly_text(const Disassembly& disassembly, const Style& style)
{
    TranslationText translations(disassembly.listing, disassembly.symbols);
    std::string text;
    for (const auto* block : disassembly.chosen.blocks)
        text += translations.block(*block, style) + '\n';
    if (disassembly.chosen.left_out > 0)
        text += fmt::format("and {} more blocks: --all shows them, --block ADDRESS one of them\n\n",
            format_count(disassembly.chosen.left_out));
    return text + translation_summary(disassembly.listing, style) + '\n' + exits_text(disassembly.statistics, style);
}

nlohmann::json disassembly_json(const Disassembly& disassembly, const SessionConfiguration& configuration)
{
    TranslationText translations(disassembly.listing, disassembly.symbols);
    auto blocks = nlohmann::json::array();
    for (const auto* block : disassembly.chosen.blocks)
        blocks.push_back(block_json(*block, translations, disassembly.listing));
    nlohmann::json exits = nlohmann::json::object();
    for (const auto& exit : disassembly.statistics.exits)
        exits[std::string(describe(exit.kind).name)] = exit.count;
    return { { "guest", configuration.name }, { "kernel", configuration.boot.kernel_path },
        { "strategy", configuration.strategy }, { "blocks", std::move(blocks) },
        { "left_out", disassembly.chosen.left_out }, { "counters", translation_json(disassembly.listing) },
        { "exits", std::move(exits) } };
}

}
