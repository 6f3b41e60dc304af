#include "core/trace/symbols.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>
#include <utility>

namespace ringside {

namespace {

constexpr std::ptrdiff_t most_looked_at = 16; // symbols before an address: marks and labels within a function

}

SymbolTable::SymbolTable(std::vector<Symbol> symbols) : m_symbols(std::move(symbols))
{
    std::sort(m_symbols.begin(), m_symbols.end(),
        [](const auto& a, const auto& b) { return std::tie(a.address, a.name) < std::tie(b.address, b.name); });
}

const Symbol* SymbolTable::find(uint32_t address) const
{
    auto after = std::upper_bound(m_symbols.begin(), m_symbols.end(), address,
        [](uint32_t wanted, const Symbol& symbol) { return wanted < symbol.address; });
    auto first = after - std::min(after - m_symbols.begin(), most_looked_at);
    while (after != first) {
        if (--after; covers(*after, address))
            return &*after;
    }
    return nullptr;
}

// Called for symbols at or before the address.
bool SymbolTable::covers(const Symbol& symbol, uint32_t address) const
{
    if (symbol.size != 0 || address == symbol.address)
        return address - symbol.address < std::max(symbol.size, 1u);
    auto next = std::upper_bound(m_symbols.begin(), m_symbols.end(), symbol.address,
        [](uint32_t before, const Symbol& other) { return before < other.address; });
    return next != m_symbols.end() && address < next->address;
}

std::string SymbolTable::name_of(uint32_t address) const
{
    const auto* symbol = find(address);
    if (!symbol)
        return {};
    return address == symbol->address ? symbol->name : fmt::format("{}+{:#x}", symbol->name, address - symbol->address);
}

}
