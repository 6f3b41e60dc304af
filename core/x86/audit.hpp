// The audit of an image: every instruction in it that stands between x86 and a classic monitor (Popek & Goldberg 1974;
// Robin & Irvine 2000), found without running it.
//
// A linear sweep: from the beginning of each range of code instruction by instruction, and anew at each symbol, so that
// data between functions leads astray only up to the next one. What it cannot know: which bytes are data (a table in the
// code may read as an instruction), which code is ever reached, and which runs in 16-bit mode.
#pragma once

#include "core/machine/elf_image.hpp"
#include "core/trace/symbols.hpp"
#include "core/x86/instruction_classes.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringside {

// One place of a sensitive instruction.
struct AuditSite {
    uint32_t address = 0;
    std::string text; // as a disassembler shows it
};

// One name of core/x86/instruction_classes.inc that occurs.
struct AuditKind {
    const InstructionLine* line = nullptr; // the first one of that name
    uint64_t count = 0;
    std::vector<AuditSite> sites; // of sensitive ones; the first `most_sites` of the whole audit
};

struct Audit {
    static constexpr std::size_t most_sites = 1 << 18;

    std::vector<AuditKind> sensitive;  // in the table's order, as the next
    std::vector<AuditKind> privileged; // those that depend on IOPL included
    uint64_t instructions = 0;
    uint64_t padding = 0; // INT3 with which linkers fill up between functions: nobody gets there
    uint64_t strays = 0;  // bytes that are no instruction

    uint64_t sensitive_count() const;
};

Audit audit_code(std::span<const CodeRange> ranges, const SymbolTable& symbols);

}
