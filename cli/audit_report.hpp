// What `ringside audit` says, for people and for programs.
#pragma once

#include "core/machine/elf_image.hpp"
#include "core/trace/style.hpp"
#include "core/trace/symbols.hpp"
#include "core/x86/audit.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace ringside {

struct AuditedImage {
    std::string name; // as the user gave it
    std::string path;
    std::vector<CodeRange> ranges;
    SymbolTable symbols;
    Audit audit;
};

// Lines of at most 80 columns.
std::string audit_text(const AuditedImage& image, const Style& style);
nlohmann::json audit_json(const AuditedImage& image);

}
