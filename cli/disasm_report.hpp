// What `ringside disasm` prints.
#pragma once

#include "core/machine/translation_listing.hpp"
#include "core/result.hpp"
#include "core/session/settings.hpp"
#include "core/trace/statistics.hpp"
#include "core/trace/style.hpp"
#include "core/trace/symbols.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ringside {

struct DisasmChoice {
    std::string address; // or a symbol; "": none
    bool all = false;
};

struct ChosenBlocks {
    std::vector<const TranslatedBlock*> blocks; // of the listing
    std::size_t left_out = 0;
    bool by_address = false;
};

struct Disassembly {
    const TranslationListing& listing;
    const SymbolTable& symbols;
    ChosenBlocks chosen;
    Statistics statistics;
};

// Usage if there is no such symbol, or nothing translated at the address.
Result<ChosenBlocks> choose_blocks(const TranslationListing& listing, const SymbolTable& symbols, const DisasmChoice& choice);

std::string disassembly_text(const Disassembly& disassembly, const Style& style);
nlohmann::json disassembly_json(const Disassembly& disassembly, const SessionConfiguration& configuration);

}
