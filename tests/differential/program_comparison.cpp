#include "tests/differential/program_comparison.hpp"

#include "strategies/rewriting/monitor_area.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <iterator>

namespace ringside::test {

namespace {

using Sink = std::back_insert_iterator<std::string>;

std::string text_of(const LoggedEvent& event)
{
    return fmt::format("{:#x}({:#x}) at {:08x} eflags {:08x} cr2 {:08x} eax {:08x} ecx {:08x} edx {:08x} ebx {:08x} esp "
                       "{:08x} ebp {:08x} esi {:08x} edi {:08x}",
        event.vector, event.error, event.eip, event.eflags, event.cr2, event.gpr[7], event.gpr[6], event.gpr[5],
        event.gpr[4], event.gpr[3], event.gpr[2], event.gpr[1], event.gpr[0]);
}

void compare_events(std::string& out, const std::vector<LoggedEvent>& ours, const std::vector<LoggedEvent>& theirs)
{
    for (std::size_t i = 0; i < std::max(ours.size(), theirs.size()); ++i) {
        if (i < ours.size() && i < theirs.size() && ours[i] == theirs[i])
            continue;
        fmt::format_to(Sink(out), "  event {}:\n    emulation: {}\n    the other: {}\n", i,
            i < ours.size() ? text_of(ours[i]) : "none", i < theirs.size() ? text_of(theirs[i]) : "none");
        return;
    }
}

// Accessed flags may be set ahead of time (SDM 3A §4.8), and Unicorn sets them for a read of a page that then cannot be
// written. It does not set every dirty flag of an operand that lies in two pages: rewriting may have more of them.
void forget_page_flags(GuestMemory& emulated, GuestMemory& rewritten)
{
    constexpr uint32_t accessed = 0x20, dirty = 0x40;
    for (uint32_t at = 0x24000; at < 0x26000; at += 4) {
        auto ours = emulated.read<uint32_t>(Gpa { at }).value_or(0), theirs = rewritten.read<uint32_t>(Gpa { at }).value_or(0);
        emulated.write(Gpa { at }, (ours | (theirs & dirty)) & ~accessed);
        rewritten.write(Gpa { at }, theirs & ~accessed);
    }
}

void compare_memory(std::string& out, GuestMemory& ours, GuestMemory& theirs, uint32_t begin, uint32_t bytes)
{
    auto left = ours.bytes(Gpa { begin }, bytes), right = theirs.bytes(Gpa { begin }, bytes);
    if (std::memcmp(left.data(), right.data(), bytes) == 0)
        return;
    auto [a, b] = std::mismatch(left.begin(), left.end(), right.begin());
    fmt::format_to(Sink(out), "  memory at {:08x}: {:02x}, {:02x}\n", begin + (a - left.begin()), std::to_integer<unsigned>(*a),
        std::to_integer<unsigned>(*b));
}

// Of the image that FXSAVE stores: the control word, the tags, the registers.
void compare_floating_point(std::string& out, const CpuState& ours, const CpuState& theirs)
{
    auto differ = [&](std::size_t begin, std::size_t bytes) {
        return std::memcmp(&ours.fxsave[begin], &theirs.fxsave[begin], bytes) != 0;
    };
    bool differs = differ(0, 2) || differ(4, 1) || differ(160, 128);
    for (std::size_t i = 0; i < 8; ++i)
        differs |= differ(32 + 16 * i, 10);
    if (differs)
        out += "  floating-point registers\n";
}

void compare_registers(std::string& out, const CpuState& ours, const CpuState& theirs)
{
    for (unsigned i = 0; i < 8; ++i) {
        if (ours.gpr[i] != theirs.gpr[i])
            fmt::format_to(Sink(out), "  register {}: {:08x}, {:08x}\n", i, ours.gpr[i], theirs.gpr[i]);
    }
    auto compare = [&](const char* name, uint32_t left, uint32_t right) {
        if (left != right)
            fmt::format_to(Sink(out), "  {}: {:08x}, {:08x}\n", name, left, right);
    };
    compare("eip", ours.eip, theirs.eip);
    compare("eflags", ours.eflags, theirs.eflags);
    compare("cr0", ours.cr0, theirs.cr0);
    compare("cr2", ours.cr2, theirs.cr2);
    if (ours.segments != theirs.segments)
        out += "  segments\n";
    compare_floating_point(out, ours, theirs);
}

}

std::string differences(const ProgramOutcome& ours, const ProgramOutcome& theirs)
{
    std::string out;
    if (ours.reason != theirs.reason)
        fmt::format_to(Sink(out), "  end: {} {}, {} {}\n", static_cast<int>(ours.reason), ours.detail,
            static_cast<int>(theirs.reason), theirs.detail);
    compare_events(out, ours.events, theirs.events);
    if (ours.reason == Exit::Reason::TripleFault || !out.empty())
        return out;
    compare_registers(out, ours.state, theirs.state);
    return out;
}

std::string memory_differences(GuestMemory& emulated, GuestMemory& rewritten)
{
    std::string out;
    forget_page_flags(emulated, rewritten);
    compare_memory(out, emulated, rewritten, 0, program_layout::compared_low);
    compare_memory(out, emulated, rewritten, program_layout::code, program_layout::code_bytes);
    return out;
}

const char* explanation(const ProgramOutcome& ours, const ProgramOutcome& theirs)
{
    constexpr uint32_t reserved = 0xFFC08028;
    constexpr uint32_t monitor = rewriting::MonitorArea::base;
    auto in_monitor = [](const LoggedEvent& event) { return event.vector == PF && event.cr2 >= monitor; };
    auto is_debug = [](const LoggedEvent& event) { return (event.vector & 0xFF) == DB; };
    auto is_garbage = [](const LoggedEvent& event) { return (event.eflags & reserved) != 0; };
    if (std::ranges::any_of(ours.events, is_garbage) || (ours.state.eflags & reserved))
        return "Unicorn took an operand for the flags";
    bool unusual = std::ranges::any_of(ours.events, is_debug) || (theirs.state.eflags & eflags::ac);
    if (unusual && theirs.detail.ends_with("cannot be emulated"))
        return "floating-point instructions are not emulated, as TF and AC may ask for under rewriting";
    if (std::ranges::any_of(ours.events, in_monitor))
        return "ring 3 may reach the monitor's part of the window where the guest has nothing";
    if (std::ranges::any_of(ours.events, is_debug))
        return "a single step shows flags that the manual leaves undefined";
    return nullptr;
}

}
