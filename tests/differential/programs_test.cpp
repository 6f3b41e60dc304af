// Generated programs run to the same end and see the same events under emulation and under rewriting.
//
// RINGSIDE_SEED: the first program; RINGSIDE_CASES: how many.
#include "strategies/native/probe.hpp"
#include "strategies/rewriting/rewriting_cpu.hpp"
#include "strategies/rewriting/validator.hpp"
#include "tests/catch.hpp"
#include "tests/differential/comparer.hpp"
#include "tests/differential/program_side.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <iterator>
#include <map>
#include <thread>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint64_t differences_told = 12;

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
        fmt::format_to(Sink(out), "  event {}:\n    emulation: {}\n    rewriting: {}\n", i,
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

std::string differences(const ProgramEnd& ours, const ProgramEnd& theirs)
{
    std::string out;
    if (ours.reason != theirs.reason)
        fmt::format_to(Sink(out), "  end: {} {}, {} {}\n", static_cast<int>(ours.reason), ours.detail,
            static_cast<int>(theirs.reason), theirs.detail);
    compare_events(out, ours.events, theirs.events);
    if (ours.reason == Exit::Reason::TripleFault || !out.empty())
        return out;
    for (unsigned i = 0; i < 8; ++i) {
        if (ours.state.gpr[i] != theirs.state.gpr[i])
            fmt::format_to(Sink(out), "  register {}: {:08x}, {:08x}\n", i, ours.state.gpr[i], theirs.state.gpr[i]);
    }
    auto compare = [&](const char* name, uint32_t left, uint32_t right) {
        if (left != right)
            fmt::format_to(Sink(out), "  {}: {:08x}, {:08x}\n", name, left, right);
    };
    compare("eip", ours.state.eip, theirs.state.eip);
    compare("eflags", ours.state.eflags, theirs.state.eflags);
    compare("cr0", ours.state.cr0, theirs.state.cr0);
    compare("cr2", ours.state.cr2, theirs.state.cr2);
    if (ours.state.segments != theirs.state.segments)
        out += "  segments\n";
    compare_floating_point(out, ours.state, theirs.state);
    return out;
}

// Where the two may part without being wrong, or are known to; null if they may not.
const char* explanation(const ProgramEnd& ours, const ProgramEnd& theirs)
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

// Blocks that were translated since the last call, in the window, where they can be read while the strategy is loaded.
class Validation {
public:
    explicit Validation(const rewriting::TranslationCache& cache) : m_cache(cache), m_area(std::move(*rewriting::MonitorArea::create())) { }

    void check()
    {
        const auto& blocks = m_cache.blocks();
        if (blocks.size() < m_next)
            m_next = 0; // the cache was emptied
        for (; m_next < blocks.size(); ++m_next, ++m_checked) {
            const auto& block = *blocks[m_next];
            auto* code = reinterpret_cast<const uint8_t*>(uintptr_t { block.host });
            auto wrong = rewriting::validate(m_area, block.key.ring, block.host, { code, block.size });
            if (!wrong.empty() && ++m_wrong <= differences_told)
                fmt::print("block of {:08x}: {}\n", block.key.eip, wrong);
        }
    }
    uint64_t checked() const { return m_checked; }
    uint64_t wrong() const { return m_wrong; }

private:
    const rewriting::TranslationCache& m_cache;
    rewriting::MonitorArea m_area; // the addresses are those of every area
    std::size_t m_next = 0;
    uint64_t m_checked = 0, m_wrong = 0;
};

// So that a program without end does end.
class Watchdog {
public:
    explicit Watchdog(Strategy& left, Strategy& right) : m_thread([this, &left, &right] {
        for (unsigned tenths = 1; !m_over; ++tenths) {
            std::this_thread::sleep_for(std::chrono::milliseconds { 100 });
            if (tenths % 10 == 0)
                left.kick(), right.kick();
        }
    }) { }
    ~Watchdog()
    {
        m_over = true;
        m_thread.join();
    }

private:
    std::atomic<bool> m_over { false };
    std::thread m_thread;
};


}

TEST_CASE("Generated programs end and fault under rewriting as they do under emulation", "[differential][programs]")
{
    if (!probe_native().available) {
        WARN("skipped: " << probe_native().detail);
        return;
    }
    ProgramSide emulation([](Engine& engine) { return find_strategy("emulation")->create(engine); });
    const rewriting::RewritingCpu* cpu = nullptr;
    ProgramSide rewriting([&](Engine& engine) {
        auto made = find_strategy("rewriting")->create(engine);
        cpu = made ? dynamic_cast<rewriting::RewritingCpu*>(made->get()) : nullptr;
        return made;
    });
    Watchdog watchdog(emulation.strategy(), rewriting.strategy());
    uint64_t first = chosen_seed(), count = chosen_cases(20000), different = 0, events = 0, triple = 0;
    REQUIRE(cpu);
    Validation validation(cpu->cache());
    std::map<std::string, uint64_t> explained;
    for (uint64_t seed = first; seed < first + count; ++seed) {
        Program program = make_program(seed);
        ProgramEnd ours = emulation.run(program);
        emulation.strategy().release();
        ProgramEnd theirs = rewriting.run(program);
        validation.check();
        rewriting.strategy().release();
        std::string text = differences(ours, theirs);
        if (ours.reason != Exit::Reason::TripleFault) {
            forget_page_flags(emulation.memory(), rewriting.memory());
            compare_memory(text, emulation.memory(), rewriting.memory(), 0, program_layout::compared_low);
            compare_memory(text, emulation.memory(), rewriting.memory(), program_layout::code, program_layout::code_bytes);
        }
        events += ours.events.size();
        triple += ours.reason == Exit::Reason::TripleFault;
        const char* why = text.empty() ? nullptr : explanation(ours, theirs);
        if (why) {
            ++explained[why];
            continue;
        }
        if (!text.empty() && ++different <= differences_told)
            fmt::print("program {} (ring {}):\n{}{}", seed, program.ring, text,
                std::getenv("RINGSIDE_LISTING") ? disassembly(program) : "");
    }
    fmt::print("{} programs from {} on, {} events, {} triple faults: {} differ\n", count, first, events, triple, different);
    uint64_t all_explained = 0;
    for (const auto& [why, times] : explained) {
        fmt::print("  explained {} times: {}\n", times, why);
        all_explained += times;
    }
    fmt::print("  {} blocks validated\n", validation.checked());
    CHECK(validation.wrong() == 0);
    CHECK(validation.checked() >= count);
    CHECK(different == 0);
    CHECK(all_explained <= count / 100);
    CHECK((events > count || count < 100));
}
