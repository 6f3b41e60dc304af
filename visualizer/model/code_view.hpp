// The guest's code around EIP for people: disassembled, with symbols, and with what a monitor must not leave to the processor
// marked, under every strategy (core/x86/instruction_classes.hpp). Under rewriting, the block beside its translation.
#pragma once

#include "core/machine/guest_snapshot.hpp"
#include "core/machine/translation_text.hpp"
#include "core/trace/symbols.hpp"
#include "core/x86/instruction_classes.hpp"
#include "visualizer/model/memory_view.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringside::visualizer {

struct CodeLine {
    uint32_t address = 0; // guest-linear
    std::vector<uint8_t> bytes;
    std::string text;     // "cli"; "(bad)" for bytes that are no instruction
    std::string symbol;   // that begins here, or ""
    std::string target;   // of a direct branch: "main+0x4", or ""
    InstructionClass kind = InstructionClass::Ordinary;
    std::string effect;   // of one that is not ordinary: what it does outside ring 0
    bool is_next = false; // EIP is here
};

// ' ' ordinary, 'P' privileged, 'I' privileged by IOPL, 'S' sensitive without a fault.
char class_letter(InstructionClass kind);
std::string_view class_words(InstructionClass kind);

// Instructions before EIP are found from the symbol that it lies in, or by trying: they may be wrong where data lies among
// the code. Empty if EIP's page cannot be read.
std::vector<CodeLine> code_around_eip(
    GuestMemory& memory, const CpuState& state, const SymbolTable& symbols, std::size_t before, std::size_t after);
// From this address on.
std::vector<CodeLine> code_from(
    GuestMemory& memory, const CpuState& state, const SymbolTable& symbols, uint32_t address, std::size_t count);

// One guest instruction of a block, with what runs in its place.
struct TranslatedLine {
    uint32_t address = 0;
    std::string guest;     // "" for what comes before the first instruction and behind the last
    std::string treatment; // "inline", "callout", ...; "" likewise
    char letter = ' ';     // the treatment's first one, in upper case; ' ' for what is left as it is
    std::string reason;    // why, in a sentence
    std::vector<InstructionPair::HostInstruction> host;
    bool is_next = false;
};
struct BlockView {
    uint32_t address = 0;
    unsigned ring = 0;
    bool active = false;
    std::string symbol;
    std::vector<TranslatedLine> instructions;
};
// The blocks of the snapshot; none where the strategy does not translate or EIP's code has not run yet.
std::vector<BlockView> translated_blocks(const GuestSnapshot& snapshot, const SymbolTable& symbols);

std::vector<std::string> lines(const std::vector<CodeLine>& code);
std::vector<std::string> lines(const BlockView& block);

}
