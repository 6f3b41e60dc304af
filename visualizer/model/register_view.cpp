#include "visualizer/model/register_view.hpp"

#include <array>
#include <fmt/format.h>
#include <span>
#include <utility>

namespace ringside::visualizer {

namespace {

RegisterRow row_of(std::string name, uint64_t value, uint64_t before, unsigned bits = 32, std::string meaning = {})
{
    return { std::move(name), value, bits, value != before, before, std::move(meaning) };
}

struct FieldOfRegister {
    unsigned position;
    unsigned width;
    std::string_view name;
    std::string_view meaning;
};

// SDM 3A figure 2-5, the highest first.
constexpr std::array flags_fields {
    FieldOfRegister { 21, 1, "ID", "CPUID is there" },
    FieldOfRegister { 20, 1, "VIP", "a virtual interrupt waits" },
    FieldOfRegister { 19, 1, "VIF", "virtual interrupt flag" },
    FieldOfRegister { 18, 1, "AC", "alignment is checked" },
    FieldOfRegister { 17, 1, "VM", "virtual-8086 mode" },
    FieldOfRegister { 16, 1, "RF", "no breakpoint at the next instruction" },
    FieldOfRegister { 14, 1, "NT", "nested task" },
    FieldOfRegister { 12, 2, "IOPL", "the ring that may use ports and change IF" },
    FieldOfRegister { 11, 1, "OF", "overflow" },
    FieldOfRegister { 10, 1, "DF", "strings go downwards" },
    FieldOfRegister { 9, 1, "IF", "interrupts are let in" },
    FieldOfRegister { 8, 1, "TF", "a trap after each instruction" },
    FieldOfRegister { 7, 1, "SF", "negative" },
    FieldOfRegister { 6, 1, "ZF", "zero" },
    FieldOfRegister { 4, 1, "AF", "carry out of the low four bits" },
    FieldOfRegister { 2, 1, "PF", "an even number of ones" },
    FieldOfRegister { 0, 1, "CF", "carry" },
};
// SDM 3A figure 2-7.
constexpr std::array cr0_fields {
    FieldOfRegister { 31, 1, "PG", "paging" },
    FieldOfRegister { 30, 1, "CD", "caches are off" },
    FieldOfRegister { 29, 1, "NW", "no write-through" },
    FieldOfRegister { 18, 1, "AM", "alignment may be checked" },
    FieldOfRegister { 16, 1, "WP", "ring 0, too, obeys read-only pages" },
    FieldOfRegister { 5, 1, "NE", "the floating-point unit raises #MF" },
    FieldOfRegister { 4, 1, "ET", "there is a floating-point unit" },
    FieldOfRegister { 3, 1, "TS", "the next floating-point instruction raises #NM" },
    FieldOfRegister { 2, 1, "EM", "floating-point instructions are emulated" },
    FieldOfRegister { 1, 1, "MP", "WAIT obeys TS" },
    FieldOfRegister { 0, 1, "PE", "protected mode" },
};
constexpr std::array cr3_fields {
    FieldOfRegister { 12, 20, "base", "the page directory's frame" },
    FieldOfRegister { 4, 1, "PCD", "the directory is not cached" },
    FieldOfRegister { 3, 1, "PWT", "the directory is written through" },
};
constexpr std::array cr4_fields {
    FieldOfRegister { 10, 1, "OSXMMEXCPT", "SSE raises #XM" },
    FieldOfRegister { 9, 1, "OSFXSR", "SSE and FXSAVE" },
    FieldOfRegister { 8, 1, "PCE", "RDPMC in every ring" },
    FieldOfRegister { 7, 1, "PGE", "global pages" },
    FieldOfRegister { 6, 1, "MCE", "machine checks" },
    FieldOfRegister { 5, 1, "PAE", "page-table entries of 64 bits" },
    FieldOfRegister { 4, 1, "PSE", "pages of 4 MiB" },
    FieldOfRegister { 3, 1, "DE", "DR4 and DR5 are undefined" },
    FieldOfRegister { 2, 1, "TSD", "RDTSC in ring 0 only" },
    FieldOfRegister { 1, 1, "PVI", "virtual interrupts in ring 3" },
    FieldOfRegister { 0, 1, "VME", "virtual-8086 extensions" },
};

BitsOfRegister bits_of(RegisterRow row, std::span<const FieldOfRegister> fields)
{
    BitsOfRegister shown { std::move(row), {} };
    for (const auto& field : fields) {
        uint64_t mask = (uint64_t { 1 } << field.width) - 1;
        auto value = static_cast<uint32_t>(shown.row.value >> field.position & mask);
        bool changed = shown.row.changed && value != (shown.row.before >> field.position & mask);
        shown.fields.push_back(
            { field.position, field.width, std::string(field.name), value, changed, std::string(field.meaning) });
    }
    return shown;
}

constexpr std::array general_names { "EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI" };
constexpr std::array segment_names { "ES", "CS", "SS", "DS", "FS", "GS" };

std::string_view system_type(unsigned type)
{
    switch (type) { // SDM 3A table 3-2
    case 1: return "16-bit TSS, available";
    case 2: return "LDT";
    case 3: return "16-bit TSS, busy";
    case 9: return "32-bit TSS, available";
    case 11: return "32-bit TSS, busy";
    default: return "system";
    }
}

// SDM 3A table 3-1.
std::string type_words(const Segment& segment)
{
    unsigned type = segment.type();
    if (!(segment.attributes & Segment::code_or_data))
        return std::string(system_type(type));
    if (type & 8)
        return fmt::format("code{}{}", type & 2 ? ", readable" : "", type & 4 ? ", conforming" : "");
    return fmt::format("data{}{}", type & 2 ? ", writable" : ", read-only", type & 4 ? ", expand-down" : "");
}

std::string size_words(const Segment& segment)
{
    if (segment.limit == UINT32_MAX)
        return fmt::format("4 GiB from {:#x}", segment.base);
    return fmt::format("{:#x} bytes from {:#x}", uint64_t { segment.limit } + 1, segment.base);
}

char mark(bool changed) { return changed ? '*' : ' '; }

}

std::string words_for(const Segment& segment)
{
    if (!segment.is_present())
        return "not usable";
    bool is_code_or_data = segment.attributes & Segment::code_or_data;
    return fmt::format("{}, ring {}{}, {}", type_words(segment), segment.dpl(),
        is_code_or_data ? (segment.is_big() ? ", 32 bits" : ", 16 bits") : "", size_words(segment));
}

std::vector<RegisterRow> general_registers(const CpuState& now, const CpuState* earlier)
{
    const CpuState& before = earlier ? *earlier : now;
    std::vector<RegisterRow> rows;
    for (std::size_t i = 0; i < general_names.size(); ++i)
        rows.push_back(row_of(general_names[i], now.gpr[i], before.gpr[i]));
    rows.push_back(row_of("EIP", now.eip, before.eip));
    return rows;
}

std::vector<BitsOfRegister> control_registers(const CpuState& now, const CpuState* earlier)
{
    const CpuState& before = earlier ? *earlier : now;
    std::vector<BitsOfRegister> shown;
    shown.push_back(bits_of(row_of("EFLAGS", now.eflags, before.eflags), flags_fields));
    shown.push_back(bits_of(row_of("CR0", now.cr0, before.cr0), cr0_fields));
    shown.push_back(bits_of(row_of("CR3", now.cr3, before.cr3), cr3_fields));
    shown.push_back(bits_of(row_of("CR4", now.cr4, before.cr4), cr4_fields));
    return shown;
}

std::vector<RegisterRow> system_registers(const CpuState& now, const CpuState* earlier)
{
    const CpuState& before = earlier ? *earlier : now;
    std::vector<RegisterRow> rows {
        row_of("CR2", now.cr2, before.cr2, 32, "the address of the last page fault"),
        row_of("GDTR base", now.gdtr.base, before.gdtr.base, 32, "segment descriptors"),
        row_of("GDTR limit", now.gdtr.limit, before.gdtr.limit, 16),
        row_of("IDTR base", now.idtr.base, before.idtr.base, 32, "the handlers of interrupts and exceptions"),
        row_of("IDTR limit", now.idtr.limit, before.idtr.limit, 16),
    };
    for (std::size_t i : { 0u, 1u, 2u, 3u, 6u, 7u })
        rows.push_back(row_of(fmt::format("DR{}", i), now.dr[i], before.dr[i]));
    const Msrs& msrs = now.msrs;
    const Msrs& old = before.msrs;
    rows.push_back(row_of("SYSENTER_CS", msrs.sysenter_cs, old.sysenter_cs));
    rows.push_back(row_of("SYSENTER_ESP", msrs.sysenter_esp, old.sysenter_esp));
    rows.push_back(row_of("SYSENTER_EIP", msrs.sysenter_eip, old.sysenter_eip));
    rows.push_back(row_of("APIC_BASE", msrs.apic_base, old.apic_base, 64));
    rows.push_back(row_of("PAT", msrs.pat, old.pat, 64));
    rows.push_back(row_of("EFER", msrs.efer, old.efer, 64));
    return rows;
}

std::vector<SegmentRow> segment_registers(const CpuState& now, const CpuState* earlier)
{
    const CpuState& before = earlier ? *earlier : now;
    std::vector<SegmentRow> rows;
    auto add = [&rows](const char* name, const Segment& segment, const Segment& old) {
        rows.push_back({ name, segment, segment != old, words_for(segment) });
    };
    for (auto which : { Cs, Ss, Ds, Es, Fs, Gs })
        add(segment_names[which], now.segment(which), before.segment(which));
    add("LDTR", now.ldtr, before.ldtr);
    add("TR", now.tr, before.tr);
    return rows;
}

std::vector<DeviceRows> device_registers(const GuestSnapshot& now, const GuestSnapshot* before)
{
    std::vector<DeviceRows> shown;
    for (std::size_t i = 0; i < now.devices.size(); ++i) {
        const auto& device = now.devices[i];
        const DeviceSnapshot* old = before && i < before->devices.size() ? &before->devices[i] : nullptr;
        bool comparable = old && old->name == device.name && old->registers.size() == device.registers.size();
        auto& rows = shown.emplace_back(DeviceRows { device.name, {} }).rows;
        for (std::size_t r = 0; r < device.registers.size(); ++r) {
            const auto& view = device.registers[r];
            rows.push_back(row_of(view.name, view.value, comparable ? old->registers[r].value : view.value, view.bits, view.meaning));
        }
    }
    return shown;
}

std::vector<std::string> lines(const std::vector<RegisterRow>& rows)
{
    std::vector<std::string> text;
    for (const auto& row : rows) {
        auto line = fmt::format("{} {:<16} {:#0{}x}", mark(row.changed), row.name, row.value, row.bits / 4 + 2);
        if (row.changed)
            line += fmt::format("  was {:#0{}x}", row.before, row.bits / 4 + 2);
        if (!row.meaning.empty())
            line += "  " + row.meaning;
        text.push_back(std::move(line));
    }
    return text;
}

std::vector<std::string> lines(const std::vector<BitsOfRegister>& registers)
{
    std::vector<std::string> text;
    for (const auto& shown : registers) {
        text.push_back(fmt::format("{} {} {:#010x}", mark(shown.row.changed), shown.row.name, shown.row.value));
        for (const auto& field : shown.fields)
            text.push_back(fmt::format("{}   {:>2} {:<10} {:#x}  {}", mark(field.changed), field.position, field.name, field.value,
                field.meaning));
    }
    return text;
}

std::vector<std::string> lines(const std::vector<SegmentRow>& segments)
{
    std::vector<std::string> text;
    for (const auto& row : segments)
        text.push_back(fmt::format("{} {:<4} {:#06x}  {}", mark(row.changed), row.name, row.segment.selector, row.words));
    return text;
}

std::vector<std::string> lines(const std::vector<InterruptLineSnapshot>& interrupt_lines)
{
    std::vector<std::string> text;
    for (const auto& line : interrupt_lines) {
        auto words = fmt::format("IRQ {:>2}  {}", line.irq, line.asserted ? "raised" : "low");
        for (auto [set, word] : { std::pair { line.requested, "pending" }, { line.in_service, "in service" },
                 { line.masked, "masked at the PIC" }, { line.masked_at_apic, "masked at the I/O APIC" } }) {
            if (set)
                words += fmt::format(", {}", word);
        }
        text.push_back(std::move(words));
    }
    return text;
}

}
