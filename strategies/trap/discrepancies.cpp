// The hole in x86 that classic trap-and-emulate cannot close, shown on the guest that has just run: every sensitive
// instruction that does not trap is executed here, with the same real privilege that the guest had, and compared with
// what the guest's own state says (Popek & Goldberg 1974; Robin & Irvine 2000).
#include "strategies/trap/trap.hpp"

#include "core/x86/descriptors.hpp"
#include "core/x86/instruction_classes.hpp"
#include "strategies/native/world_switch.hpp"

#include <cstring>
#include <fmt/format.h>

namespace ringside {

namespace {

// As the guest would get it: in 32-bit code SGDT and SIDT store the low half of the base that 64-bit code sees.
struct StoredTable {
    uint16_t limit = 0;
    uint64_t base = 0;
} __attribute__((packed));

std::string table_words(uint32_t base, uint16_t limit)
{
    return fmt::format("base {:#010x}, limit {:#x}", base, limit);
}

std::string host_gdt()
{
    StoredTable table;
    __asm__ volatile("sgdt %0" : "=m"(table));
    return table_words(static_cast<uint32_t>(table.base), table.limit);
}

std::string host_idt()
{
    StoredTable table;
    __asm__ volatile("sidt %0" : "=m"(table));
    return table_words(static_cast<uint32_t>(table.base), table.limit);
}

std::string selector_words(uint32_t selector)
{
    return fmt::format("selector {:#x}", selector & 0xFFFF);
}

std::string ring_words(uint32_t selector)
{
    return fmt::format("{:#x}: ring {}", selector & 0xFFFF, selector & 3);
}

std::string host_ldt()
{
    uint16_t selector = 0;
    __asm__ volatile("sldt %0" : "=m"(selector));
    return selector_words(selector);
}

std::string host_task()
{
    uint16_t selector = 0;
    __asm__ volatile("str %0" : "=m"(selector));
    return selector_words(selector);
}

std::string host_status_word()
{
    uint16_t word = 0;
    __asm__ volatile("smsw %0" : "=m"(word));
    return fmt::format("{:#06x}", word);
}

std::string flags_words(uint64_t flags)
{
    return fmt::format("IF {}, IOPL {}", flags >> 9 & 1, flags >> 12 & 3);
}

std::string host_flags()
{
    uint64_t flags = 0;
    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags));
    return flags_words(flags);
}

// Does POPF change IF when asked to?
std::string host_popf()
{
    uint64_t before = 0, after = 0;
    __asm__ volatile("pushfq\n\tpopq %0\n\tmovq %0, %1\n\txorq $0x200, %1\n\tpushq %1\n\tpopfq\n\tpushfq\n\tpopq %1\n\t"
                     "pushq %0\n\tpopfq"
                     : "=&r"(before), "=&r"(after)::"cc");
    return (before ^ after) & eflags::if_ ? "IF changes" : "IF stays";
}

using SelectorCheck = bool (*)(uint16_t selector);

bool host_lar(uint16_t selector)
{
    bool valid = false;
    uint32_t rights = 0;
    __asm__ volatile("lar %2, %0\n\tsetz %1" : "=r"(rights), "=q"(valid) : "r"(uint32_t { selector }) : "cc");
    return valid;
}

bool host_lsl(uint16_t selector)
{
    bool valid = false;
    uint32_t limit = 0;
    __asm__ volatile("lsl %2, %0\n\tsetz %1" : "=r"(limit), "=q"(valid) : "r"(uint32_t { selector }) : "cc");
    return valid;
}

bool host_verr(uint16_t selector)
{
    bool valid = false;
    __asm__ volatile("verr %1\n\tsetz %0" : "=q"(valid) : "r"(selector) : "cc");
    return valid;
}

bool host_verw(uint16_t selector)
{
    bool valid = false;
    __asm__ volatile("verw %1\n\tsetz %0" : "=q"(valid) : "r"(selector) : "cc");
    return valid;
}

std::string_view reason(ZydisMnemonic mnemonic, InstructionForm form)
{
    for (const auto& line : instruction_lines()) {
        if (line.mnemonic == mnemonic && line.form == form)
            return line.effect;
    }
    return "";
}

class Comparison {
public:
    void add(std::string_view name, ZydisMnemonic mnemonic, std::string real, std::string given,
        InstructionForm form = InstructionForm::Any)
    {
        if (real != given)
            m_rows.push_back({ std::string(name), std::move(real), std::move(given), std::string(reason(mnemonic, form)) });
    }

    // Whether the guest's own kernel data segment passes: it does in ring 0.
    void add_check(std::string_view name, ZydisMnemonic mnemonic, SelectorCheck check, uint16_t selector)
    {
        auto words = [&](bool passes) { return fmt::format("{:#x}: {}", selector, passes ? "yes" : "no"); };
        add(name, mnemonic, words(true), words(check(selector)));
    }

    std::vector<Discrepancy> take() { return std::move(m_rows); }

private:
    std::vector<Discrepancy> m_rows;
};

}

std::vector<Discrepancy> trap_discrepancies(Engine&, const CpuState& state)
{
    auto kernel_selector = [&](SegmentRegister which) {
        return static_cast<uint16_t>(state.segment(which).selector & ~3u);
    };
    uint16_t code = kernel_selector(Cs), data = kernel_selector(Ss);
    Comparison rows;
    rows.add("SGDT", ZYDIS_MNEMONIC_SGDT, table_words(state.gdtr.base, state.gdtr.limit), host_gdt());
    rows.add("SIDT", ZYDIS_MNEMONIC_SIDT, table_words(state.idtr.base, state.idtr.limit), host_idt());
    rows.add("SLDT", ZYDIS_MNEMONIC_SLDT, selector_words(state.ldtr.selector), host_ldt());
    rows.add("STR", ZYDIS_MNEMONIC_STR, selector_words(state.tr.selector), host_task());
    rows.add("SMSW", ZYDIS_MNEMONIC_SMSW, fmt::format("{:#06x}", state.cr0 & 0xFFFF), host_status_word());
    rows.add("PUSHF", ZYDIS_MNEMONIC_PUSHFD, flags_words(state.eflags), host_flags());
    rows.add("POPF", ZYDIS_MNEMONIC_POPFD, "IF changes", host_popf());
    rows.add_check("LAR", ZYDIS_MNEMONIC_LAR, host_lar, code);
    rows.add_check("LSL", ZYDIS_MNEMONIC_LSL, host_lsl, data);
    rows.add_check("VERR", ZYDIS_MNEMONIC_VERR, host_verr, data);
    rows.add_check("VERW", ZYDIS_MNEMONIC_VERW, host_verw, data);
    rows.add("PUSH CS", ZYDIS_MNEMONIC_PUSH, ring_words(code), ring_words(ringside_world.cs), InstructionForm::SegmentRegister);
    rows.add("MOV from SS", ZYDIS_MNEMONIC_MOV, ring_words(data), ring_words(ringside_world.ss), InstructionForm::SegmentRegister);
    return rows.take();
}

}
