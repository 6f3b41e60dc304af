// Names for guest addresses: "main+0x12".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringside {

struct Symbol {
    std::string name;
    uint32_t address = 0;
    uint32_t size = 0; // 0: up to the next symbol; of the last one, its own address only
    bool operator==(const Symbol&) const = default;
};

class SymbolTable {
public:
    SymbolTable() = default;
    explicit SymbolTable(std::vector<Symbol> symbols);

    const std::vector<Symbol>& symbols() const { return m_symbols; } // ascending by address
    // The nearest one before or at the address that reaches there, null if there is none. Of those that lie inside others
    // only some are looked at.
    const Symbol* find(uint32_t address) const;
    // "name", "name+0x12", or "" when no symbol covers the address.
    std::string name_of(uint32_t address) const;

private:
    bool covers(const Symbol& symbol, uint32_t address) const;

    std::vector<Symbol> m_symbols;
};

}
