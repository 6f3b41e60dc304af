#include "core/trace/symbols.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>
#include <utility>

namespace ringside {

SymbolTable::SymbolTable(std::vector<Symbol> symbols) : m_symbols(std::move(symbols))
{
    std::sort(m_symbols.begin(), m_symbols.end(),
        [](const auto& a, const auto& b) { return std::tie(a.address, a.name) < std::tie(b.address, b.name); });
}

const Symbol* SymbolTable::find(uint32_t address) const
{
    auto after = std::upper_bound(m_symbols.begin(), m_symbols.end(), address,
        [](uint32_t wanted, const Symbol& symbol) { return wanted < symbol.address; });
    if (after == m_symbols.begin())
        return nullptr;
    const auto& symbol = *std::prev(after);
    return symbol.size == 0 || address - symbol.address < symbol.size ? &symbol : nullptr;
}

std::string SymbolTable::name_of(uint32_t address) const
{
    const auto* symbol = find(address);
    if (!symbol)
        return {};
    return address == symbol->address ? symbol->name : fmt::format("{}+{:#x}", symbol->name, address - symbol->address);
}

}
