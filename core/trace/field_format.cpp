#include "core/trace/field_format.hpp"

#include "core/machine/cpu_state.hpp"
#include "core/paravirt_names.hpp"
#include "core/trace/hardware_exits.hpp"
#include "core/trace/strategy_names.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>

namespace ringside {

namespace {

struct NamedRange {
    uint64_t first;
    uint64_t last;
    std::string_view name;
};

// The platform of DESIGN section 4.
constexpr NamedRange ports[] {
    { 0x20, 0x21, "PIC 1" },
    { 0x40, 0x43, "PIT" },
    { 0x60, 0x60, "keyboard" },
    { 0x61, 0x61, "system control" },
    { 0x64, 0x64, "keyboard" },
    { 0x70, 0x71, "RTC/CMOS" },
    { 0xA0, 0xA1, "PIC 2" },
    { 0xE0, 0xE3, "test device" },
    { 0xE8, 0xE8, "guest marker" },
    { 0xE9, 0xE9, "debug console" },
    { 0xF4, 0xF4, "debug exit" },
    { 0x1F0, 0x1F7, "ATA" },
    { 0x3D4, 0x3D5, "VGA CRTC" },
    { 0x3F6, 0x3F6, "ATA" },
    { 0x3F8, 0x3FF, "COM1" },
    { 0x510, 0x511, "firmware configuration" },
    { 0x2000, 0x2017, "test device" },
};

constexpr NamedRange irqs[] {
    { 0, 0, "timer" },
    { 1, 1, "keyboard" },
    { 2, 2, "cascade" },
    { 4, 4, "COM1" },
    { 8, 8, "RTC" },
    { 14, 14, "ATA" },
};

// SDM 4 table 2-2.
constexpr NamedRange msrs[] {
    { 0x10, 0x10, "time-stamp counter" },
    { 0x1B, 0x1B, "APIC base" },
    { 0x174, 0x174, "SYSENTER CS" },
    { 0x175, 0x175, "SYSENTER ESP" },
    { 0x176, 0x176, "SYSENTER EIP" },
    { 0x277, 0x277, "PAT" },
    { 0xC0000080, 0xC0000080, "EFER" },
};

template<std::size_t Count>
std::string_view name_in(const NamedRange (&ranges)[Count], uint64_t value)
{
    for (const auto& range : ranges) {
        if (value >= range.first && value <= range.last)
            return range.name;
    }
    return "";
}

using Sink = std::back_insert_iterator<std::string>;

void append_named(Sink out, uint64_t value, std::string_view name)
{
    if (name.empty())
        fmt::format_to(out, "{:#x}", value);
    else
        fmt::format_to(out, "{:#x} ({})", value, name);
}

void port(Sink out, uint64_t value, const EventRecord&)
{
    append_named(out, value, port_name(value));
}

void msr(Sink out, uint64_t value, const EventRecord&)
{
    append_named(out, value, name_in(msrs, value));
}

void irq(Sink out, uint64_t value, const EventRecord&)
{
    auto name = irq_name(value);
    if (name.empty())
        fmt::format_to(out, "{}", value);
    else
        fmt::format_to(out, "{} ({})", value, name);
}

void hexadecimal(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "{:#x}", value);
}

void decimal(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "{}", value);
}

void address(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "{:#010x}", value);
}

void counted(Sink out, uint64_t value, std::string_view what)
{
    fmt::format_to(out, "{} {}{}", value, what, value == 1 ? "" : "s");
}

void size(Sink out, uint64_t value, const EventRecord&)
{
    counted(out, value, "byte");
}

bool is_exception(EventKind kind)
{
    return kind != EventKind::SoftwareInterrupt && kind != EventKind::ExternalInterrupt;
}

void vector(Sink out, uint64_t value, const EventRecord& record)
{
    bool has_name = value <= Vector::XM && value != 9 && value != 15; // the reserved ones (SDM 3A table 6-1)
    if (has_name && is_exception(record.kind))
        fmt::format_to(out, "{}", exception_name(static_cast<unsigned>(value)));
    else
        fmt::format_to(out, "{:#x}", value);
}

// The error code of the faults that concern a segment (SDM 3A figure 6-7).
void selector_error_code(Sink out, uint64_t code)
{
    if (code == 0) {
        fmt::format_to(out, "0");
        return;
    }
    constexpr uint64_t external = 1, in_idt = 2, in_ldt = 4;
    if (code & in_idt)
        fmt::format_to(out, "IDT entry {:#x}", (code >> 3) & 0x1FFF);
    else
        fmt::format_to(out, "selector {:#x} in the {}", code & 0xFFF8, code & in_ldt ? "LDT" : "GDT");
    if (code & external)
        fmt::format_to(out, ", external");
}

void error_code(Sink out, uint64_t value, const EventRecord& record)
{
    switch (record.b) { // the vector, in every kind that has an error code
    case Vector::PF:
        fmt::format_to(out, "{}", page_fault_words(value));
        break;
    case Vector::TS:
    case Vector::NP:
    case Vector::SS:
    case Vector::GP:
        selector_error_code(out, value);
        break;
    default:
        fmt::format_to(out, "{:#x}", value);
    }
}

void debug_register(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "DR{}", value);
}

void read_or_write(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "{}", value ? "write" : "read");
}

void control_register(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "CR{}", value);
}

// In the order of the instruction encoding (SDM 2A table 3-1).
void segment(Sink out, uint64_t value, const EventRecord&)
{
    constexpr std::array<std::string_view, 6> names { "ES", "CS", "SS", "DS", "FS", "GS" };
    fmt::format_to(out, "{}", value < names.size() ? names[value] : "unknown");
}

// As core/x86/instruction_emulator numbers them.
void table(Sink out, uint64_t value, const EventRecord&)
{
    constexpr std::array<std::string_view, 4> names { "GDTR", "IDTR", "LDTR", "TR" };
    fmt::format_to(out, "{}", value < names.size() ? names[value] : "unknown");
}

void flag(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "{}", value ? "set" : "clear");
}

void virtual_ring(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "ring {}", value);
}

void real_ring(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "{}", real_ring_name(static_cast<RealRing>(std::min<uint64_t>(value, UINT8_MAX))));
}

void cause(Sink out, uint64_t value, const EventRecord&)
{
    auto limited = static_cast<uint32_t>(std::min<uint64_t>(value, UINT32_MAX));
    fmt::format_to(out, "{}", ring_change_cause_name(static_cast<RingChangeCause>(limited)));
}

void level(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "{}", value ? "raised" : "dropped");
}

void character(Sink out, uint64_t value, const EventRecord&)
{
    if (value >= 0x20 && value < 0x7F)
        fmt::format_to(out, "'{}'", static_cast<char>(value));
    else
        fmt::format_to(out, "{:#04x}", value);
}

void hypercall(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "{}", hypercall_name(value));
}

void strategy(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "{}", strategy_name(value));
}

void microseconds(Sink out, uint64_t value, const EventRecord&)
{
    counted(out, value, "microsecond");
}

void instructions(Sink out, uint64_t value, const EventRecord&)
{
    counted(out, value, "instruction");
}

void blocks(Sink out, uint64_t value, const EventRecord&)
{
    counted(out, value, "block");
}

void invalidation(Sink out, uint64_t value, const EventRecord&)
{
    auto limited = static_cast<uint32_t>(std::min<uint64_t>(value, UINT32_MAX));
    fmt::format_to(out, "{}", invalidation_cause_name(static_cast<InvalidationCause>(limited)));
}

// core/paravirt_abi.h: errors are below zero.
void answer(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "{}", static_cast<int32_t>(value));
}

void hardware_exit(Sink out, uint64_t value, const EventRecord&)
{
    fmt::format_to(out, "{}", hardware_exit_name(static_cast<uint32_t>(value)));
}

struct FieldFormat {
    std::string_view name;
    void (*append)(Sink, uint64_t, const EventRecord&);
};

constexpr FieldFormat formats[] {
    { "port", port },
    { "size", size },
    { "pages", decimal },
    { "value", hexadecimal },
    { "address", address },
    { "vector", vector },
    { "error_code", error_code },
    { "from", virtual_ring },
    { "to", virtual_ring },
    { "cause", cause },
    { "real_from", real_ring },
    { "real_to", real_ring },
    { "irq", irq },
    { "level", level },
    { "character", character },
    { "leaf", hexadecimal },
    { "subleaf", hexadecimal },
    { "msr", msr },
    { "register", debug_register },
    { "write", read_or_write },
    { "code", decimal },
    { "flag", flag },
    { "control_register", control_register },
    { "selector", hexadecimal },
    { "segment", segment },
    { "limit", hexadecimal },
    { "table", table },
    { "hypercall", hypercall },
    { "answer", answer },
    { "from_strategy", strategy },
    { "to_strategy", strategy },
    { "microseconds", microseconds },
    { "instructions", instructions },
    { "blocks", blocks },
    { "from_block", address },
    { "to_block", address },
    { "frame", hexadecimal },
    { "invalidation", invalidation },
    { "qualification", hexadecimal },
    { "hardware_exit", hardware_exit },
};

const FieldFormat* find_format(std::string_view field)
{
    auto found = std::find_if(std::begin(formats), std::end(formats), [&](const auto& f) { return f.name == field; });
    return found == std::end(formats) ? nullptr : found;
}

}

bool is_known_field(std::string_view field)
{
    return find_format(field) != nullptr;
}

void append_field(std::string& out, const EventField& field, const EventRecord& record)
{
    const auto* format = find_format(field.name);
    (format ? format->append : hexadecimal)(std::back_inserter(out), field.value, record);
}

std::string format_field(const EventField& field, const EventRecord& record)
{
    std::string out;
    append_field(out, field, record);
    return out;
}

std::string_view port_name(uint64_t port)
{
    return name_in(ports, port);
}

std::string_view irq_name(uint64_t irq)
{
    return name_in(irqs, irq);
}

std::string page_fault_words(uint64_t error_code)
{
    constexpr uint64_t present = 1, write = 2, user = 4, reserved_bit = 8, fetch = 16;
    return fmt::format("{}, {}, from ring {}{}", error_code & present ? "protection" : "not present",
        error_code & fetch       ? "fetch"
            : error_code & write ? "write"
                                 : "read",
        error_code & user ? "3" : "0", error_code & reserved_bit ? ", reserved bit set" : "");
}

}
