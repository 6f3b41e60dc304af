// A TranslationListing as text: the guest's instructions on the left, what the host executes for them on the right.
//
//   0x00101250 enable_interrupts+0x4  ring 0, 2 instructions, 2 -> 74 bytes
//
//     0x00101250  sti                        +01b  mov dword ptr gs:[interrupts], 0x02
//       inline: sets IF, which outside       +026  mov gs:[saved_ecx], ecx
//       ring 0 ...                           +02d  ...
//
// Instructions that are left as they are carry no note.
#pragma once

#include "core/machine/translation_listing.hpp"
#include "core/trace/style.hpp"
#include "core/trace/symbols.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

// One instruction of the guest, with what became of it.
struct InstructionPair {
    uint32_t address = 0;
    std::string guest;
    std::string note; // "inline: why"; "" for one that is left as it is
    struct HostInstruction {
        uint16_t offset = 0;
        std::string text;
    };
    std::vector<HostInstruction> host;
};

class TranslationText {
public:
    // `symbols`: those of the guest's kernel. Both arguments must outlive this.
    TranslationText(const TranslationListing& listing, const SymbolTable& symbols);

    // What comes before the first instruction and behind the last one has no address, and a note.
    std::vector<InstructionPair> pairs(const TranslatedBlock& block) const;
    // Several lines, none wider than style.width.
    std::string block(const TranslatedBlock& block, const Style& style) const;

    std::string symbol_of(const TranslatedBlock& block) const; // "": none

private:
    std::vector<InstructionPair::HostInstruction> host_code(const TranslatedBlock& block, std::size_t begin, std::size_t end) const;
    std::string host_target(const TranslatedBlock& block, uint32_t target) const;
    std::string guest_target(const TranslatedBlock& block, uint32_t target) const;
    std::string place_named(uint32_t address) const; // "": none

    const TranslationListing& m_listing;
    const SymbolTable& m_symbols;
    std::vector<const TranslatedBlock*> m_by_host; // ascending
};

// Text in lines of at most `width`, broken between words where that is possible.
std::vector<std::string> broken_into_lines(std::string_view text, std::size_t width);

}
