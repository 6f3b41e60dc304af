#include "core/x86/audit.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace ringside {

namespace {

// 32-bit code, as nearly all of a kernel is.
CpuState flat_mode()
{
    CpuState state;
    state.cr0 |= cr0::pe;
    for (auto& segment : state.segments)
        segment.attributes = Segment::present | Segment::code_or_data | Segment::default_big;
    return state;
}

// Does control go on behind an instruction?
enum class GoesOn : uint8_t { Yes, No, Perhaps };

GoesOn goes_on_behind(const Instruction& instruction)
{
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_JMP:
    case ZYDIS_MNEMONIC_RET:
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_UD2:
        return GoesOn::No;
    case ZYDIS_MNEMONIC_CALL: // of a function that may not return
        return GoesOn::Perhaps;
    default:
        return GoesOn::Yes;
    }
}

bool is_all_int3(std::span<const std::byte> bytes)
{
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte { 0xCC }; });
}

class Auditor {
public:
    explicit Auditor(const SymbolTable& symbols)
        : m_symbols(symbols)
        , m_state(flat_mode())
    {
        ZydisFormatterInit(&m_formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    }

    // From one symbol to the next: an instruction that would reach beyond one is none.
    void sweep(const CodeRange& range)
    {
        m_before = GoesOn::Yes;
        const auto& symbols = m_symbols.symbols();
        auto next = std::ranges::upper_bound(symbols, range.address, {}, &Symbol::address);
        std::size_t begin = 0;
        while (begin < range.bytes.size()) {
            while (next != symbols.end() && next->address - range.address <= begin)
                ++next;
            std::size_t end = range.bytes.size();
            if (next != symbols.end())
                end = std::min<std::size_t>(end, next->address - range.address);
            sweep(range.bytes.subspan(begin, end - begin), range.address + static_cast<uint32_t>(begin));
            begin = end;
        }
    }

    Audit finish()
    {
        for (const auto& line : instruction_lines()) {
            auto found = m_kinds.extract(line.name);
            if (found.empty())
                continue;
            auto& list = found.mapped().line->kind == InstructionClass::Sensitive ? m_audit.sensitive : m_audit.privileged;
            list.push_back(std::move(found.mapped()));
        }
        return std::move(m_audit);
    }

private:
    void sweep(std::span<const std::byte> bytes, uint32_t address)
    {
        // A symbol is where somebody may get to, but not if there is nothing but padding behind it.
        GoesOn before = is_all_int3(bytes) ? m_before : GoesOn::Yes;
        while (!bytes.empty()) {
            auto window = bytes.first(std::min<std::size_t>(bytes.size(), longest_instruction));
            Instruction instruction;
            std::size_t length = 1;
            if (decode_bytes(m_state, { reinterpret_cast<const uint8_t*>(window.data()), window.size() }, instruction)) {
                length = instruction.length();
                bool padded = before == GoesOn::No || (before == GoesOn::Perhaps && is_all_int3(bytes));
                if (instruction.info.mnemonic == ZYDIS_MNEMONIC_INT3 && padded) {
                    ++m_audit.padding;
                } else {
                    take(instruction, address);
                    before = goes_on_behind(instruction);
                }
            } else {
                ++m_audit.strays;
            }
            bytes = bytes.subspan(length);
            address += static_cast<uint32_t>(length);
        }
        m_before = before;
    }

    void take(const Instruction& instruction, uint32_t address)
    {
        ++m_audit.instructions;
        if (const auto* line = find_instruction_line(instruction))
            note(*line, instruction, address);
    }

    void note(const InstructionLine& line, const Instruction& instruction, uint32_t address)
    {
        auto& kind = m_kinds[line.name];
        if (!kind.line)
            kind.line = &line;
        ++kind.count;
        if (line.kind == InstructionClass::Sensitive && m_sites < Audit::most_sites) {
            ++m_sites;
            kind.sites.push_back({ address, text_of(instruction, address) });
        }
    }

    std::string text_of(const Instruction& instruction, uint32_t address) const
    {
        std::array<char, 128> text {};
        ZydisFormatterFormatInstruction(&m_formatter, &instruction.info, instruction.operands.data(),
            instruction.info.operand_count_visible, text.data(), text.size(), address, nullptr);
        return text.data();
    }

    const SymbolTable& m_symbols;
    CpuState m_state;
    ZydisFormatter m_formatter {};
    std::map<std::string_view, AuditKind> m_kinds;
    std::size_t m_sites = 0;
    GoesOn m_before = GoesOn::Yes; // the next symbol
    Audit m_audit;
};

}

uint64_t Audit::sensitive_count() const
{
    uint64_t count = 0;
    for (const auto& kind : sensitive)
        count += kind.count;
    return count;
}

Audit audit_code(std::span<const CodeRange> ranges, const SymbolTable& symbols)
{
    Auditor auditor(symbols);
    for (const auto& range : ranges)
        auditor.sweep(range);
    return auditor.finish();
}

}
