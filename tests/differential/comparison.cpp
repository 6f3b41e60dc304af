#include "tests/differential/comparison.hpp"

#include <Zydis/Zydis.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <iterator>
#include <string_view>

namespace ringside::test {

namespace {

constexpr std::array<std::string_view, 8> register_names { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" };
constexpr std::array<std::string_view, 6> segment_names { "es", "cs", "ss", "ds", "fs", "gs" };

using Sink = std::back_insert_iterator<std::string>;

void compare(std::string& out, std::string_view name, uint32_t ours, uint32_t theirs)
{
    if (ours != theirs)
        fmt::format_to(Sink(out), "    {}: {:08x}, {:08x}\n", name, ours, theirs);
}

std::string segment_text(const Segment& segment)
{
    return fmt::format(
        "{:04x} base {:08x} limit {:08x} attributes {:04x}", segment.selector, segment.base, segment.limit,
        segment.attributes);
}

void compare(std::string& out, std::string_view name, const Segment& ours, const Segment& theirs)
{
    if (ours != theirs)
        fmt::format_to(Sink(out), "    {}: {}, {}\n", name, segment_text(ours), segment_text(theirs));
}

void compare(std::string& out, std::string_view name, const DescriptorTable& ours, const DescriptorTable& theirs)
{
    if (ours != theirs)
        fmt::format_to(Sink(out), "    {}: {:08x} {:04x}, {:08x} {:04x}\n", name, ours.base, ours.limit, theirs.base,
            theirs.limit);
}

std::string outcome(const Observed& observed)
{
    switch (observed.what) {
    case Observed::What::Ran:
        return "ran";
    case Observed::What::Faulted:
        return fmt::format("{}({:#x}) {:08x}", exception_name(observed.fault.vector), observed.fault.error_code,
            observed.fault.address);
    case Observed::What::Halted:
        return "halted";
    case Observed::What::SoftwareInterrupt:
        return "software interrupt";
    case Observed::What::NotKnown:
        return "not known";
    }
    return "";
}

void compare_outcomes(std::string& out, const Observed& ours, const Observed& theirs, const Tolerance& tolerance)
{
    bool same = ours.what == theirs.what;
    if (same && ours.what == Observed::What::Faulted) {
        same = ours.fault.vector == theirs.fault.vector
            && (tolerance.error_code || ours.fault.error_code == theirs.fault.error_code)
            && (ours.fault.vector != PF || ours.fault.address == theirs.fault.address);
    }
    if (!same)
        fmt::format_to(Sink(out), "    outcome: {}, {}\n", outcome(ours), outcome(theirs));
}

void compare_system(std::string& out, const CpuState& ours, const CpuState& theirs)
{
    for (unsigned i = 0; i < 6; ++i)
        compare(out, segment_names[i], ours.segments[i], theirs.segments[i]);
    compare(out, "ldtr", ours.ldtr, theirs.ldtr);
    compare(out, "tr", ours.tr, theirs.tr);
    compare(out, "gdtr", ours.gdtr, theirs.gdtr);
    compare(out, "idtr", ours.idtr, theirs.idtr);
    compare(out, "cr0", ours.cr0, theirs.cr0);
    compare(out, "cr2", ours.cr2, theirs.cr2);
    compare(out, "cr3", ours.cr3, theirs.cr3);
    compare(out, "cr4", ours.cr4, theirs.cr4);
}

std::string state_text(const CpuState& state)
{
    std::string text;
    for (unsigned i = 0; i < 8; ++i)
        fmt::format_to(Sink(text), "{} {:08x} ", register_names[i], state.gpr[i]);
    fmt::format_to(Sink(text), "eip {:08x} eflags {:08x}", state.eip, state.eflags);
    return text;
}

std::string instruction_text(const Case& tested)
{
    std::array<uint8_t, longest_instruction> padded {};
    std::copy(tested.bytes.begin(), tested.bytes.end(), padded.begin());
    Instruction instruction;
    std::array<char, 100> text { "undefined" };
    if (decode_bytes(tested.state, padded, instruction)) {
        ZydisFormatter formatter;
        ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
        ZydisFormatterFormatInstruction(&formatter, &instruction.info, instruction.operands.data(),
            instruction.info.operand_count_visible, text.data(), text.size(), tested.linear(), nullptr);
    }
    return text.data();
}

}

std::string differences(const Observed& ours, const Observed& theirs, const Tolerance& tolerance)
{
    std::string out;
    compare_outcomes(out, ours, theirs, tolerance);
    if (!tolerance.results) {
        for (unsigned i = 0; i < 8; ++i)
            compare(out, register_names[i], ours.state.gpr[i], theirs.state.gpr[i]);
    }
    compare(out, "eip", ours.state.eip, theirs.state.eip);
    compare(out, "eflags", ours.state.eflags & ~tolerance.flags, theirs.state.eflags & ~tolerance.flags);
    if (!tolerance.segments)
        compare_system(out, ours.state, theirs.state);
    if (!tolerance.interrupt_shadow)
        compare(out, "interrupt shadow", ours.state.interrupt_shadow, theirs.state.interrupt_shadow);
    return out;
}

std::string memory_difference(std::span<const std::byte> ours, std::span<const std::byte> theirs)
{
    if (std::memcmp(ours.data(), theirs.data(), ours.size()) == 0)
        return {};
    auto [left, right] = std::mismatch(ours.begin(), ours.end(), theirs.begin());
    return fmt::format("    memory at {:08x}: {:02x}, {:02x}\n", left - ours.begin(), std::to_integer<unsigned>(*left),
        std::to_integer<unsigned>(*right));
}

std::string describe(const Case& tested, const Observed& ours, const Observed& theirs)
{
    std::string text = fmt::format("{} [", instruction_text(tested));
    for (uint8_t byte : tested.bytes)
        fmt::format_to(Sink(text), " {:02x}", byte);
    fmt::format_to(Sink(text), " ], form \"{}\"\n  before: {}\n  ours:   {}: {}\n  theirs: {}: {}\n", tested.form->name,
        state_text(tested.state), outcome(ours), state_text(ours.state), outcome(theirs), state_text(theirs.state));
    return text;
}

}
