// What a strategy that translates code has made of the guest's: for people, after a run (`ringside disasm`).
#pragma once

#include "core/trace/symbols.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ringside {

// What became of an instruction, as an index into TranslationListing::treatments and ::reasons.
struct TranslatedInstruction {
    uint16_t guest_offset = 0; // in the block's source
    uint16_t host_offset = 0;  // in its translation; ascending
    uint8_t length = 0;        // of the source
    uint8_t treatment = 0;
    uint8_t reason = 0;
    bool operator==(const TranslatedInstruction&) const = default;
};

struct TranslatedBlock {
    uint32_t address = 0; // the guest's
    uint32_t host = 0;    // of the translation
    uint8_t ring = 0;
    bool active = false; // the guest's page tables show its source at its address
    uint16_t body = 0;  // offset in the translation: the way in through tables comes before it
    uint16_t stubs = 0; // offset in the translation: what comes from there on is none of the instructions'
    std::vector<uint8_t> source;
    std::vector<uint8_t> translation;
    std::vector<TranslatedInstruction> instructions;
    bool operator==(const TranslatedBlock&) const = default;
};

// Since the start of the run, blocks that are no longer there included.
struct TranslationCounters {
    uint64_t blocks = 0;
    uint64_t instructions = 0;
    uint64_t source_bytes = 0;
    uint64_t host_bytes = 0;
    uint64_t links = 0;       // branches led straight to the translation of their target
    uint64_t entries = 0;     // blocks put into the table in which indirect branches find them
    uint64_t dormant = 0;     // blocks taken out of it because the address space changed
    uint64_t invalidated = 0; // blocks that were given up, most because their source changed
    uint64_t flushes = 0;     // how often there was no room for more, and all began anew
    // Calls of the monitor from translated code, by why.
    uint64_t unlinked = 0;     // a branch was not linked yet
    uint64_t table_misses = 0; // an indirect branch's target was not in the table
    uint64_t changed = 0;      // a block that compares its source found another
    uint64_t executed = 0;     // an instruction is for the monitor, or an interrupt waited behind one that is not
    uint64_t retaken = 0;      // a segment load or change of ring was not as last time
    uint64_t refused = 0;      // an instruction that faults by what it is
    // Without a call.
    uint64_t stops = 0;     // faults: the host's signals
    uint64_t crossings = 0; // system calls that went to ring 0 and needed no monitor
    bool operator==(const TranslationCounters&) const = default;
};

// Calls of the monitor from the translations of one instruction: `executed`, `retaken` and `refused` together, split up.
struct CountedInstruction {
    std::string name;
    uint64_t calls = 0;
    bool operator==(const CountedInstruction&) const = default;
};

struct TranslationListing {
    std::vector<std::string> treatments; // names, the one that leaves instructions as they are first
    std::vector<uint64_t> by_treatment;  // instructions
    std::vector<std::string> reasons;    // sentences
    std::vector<Symbol> places;          // what the translations work with, by the host's addresses
    TranslationCounters counters;
    std::vector<CountedInstruction> callers; // the most calls first
    std::vector<TranslatedBlock> blocks; // that are valid at the end of the run, in the order of their translation
    bool operator==(const TranslationListing&) const = default;
};

}
