#include "core/trace/story.hpp"

#include "core/trace/field_format.hpp"
#include "core/trace/time_format.hpp"

#include <array>
#include <fmt/format.h>

namespace ringside {

namespace {

// What stands in ring 0 is the kernel, what stands in ring 3 a program; rings 1 and 2 have no name of their own.
std::string who(unsigned ring)
{
    if (ring == 0)
        return "the kernel";
    return ring == 3 ? "the program" : fmt::format("the code in ring {}", ring);
}

struct Words {
    const EventRecord& record;
    const Style& style;
    std::array<std::string, 3> fields; // a, b and c as people read them, "" when unused

    Words(const EventRecord& r, const Style& s) : record(r), style(s)
    {
        const auto& names = describe(r.kind).fields;
        const std::array<uint64_t, 3> values { r.a, r.b, r.c };
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (!names[i].empty())
                fields[i] = format_field({ names[i], values[i] }, r);
        }
    }
    const std::string& a() const { return fields[0]; }
    const std::string& b() const { return fields[1]; }
    const std::string& c() const { return fields[2]; }
    std::string subject() const { return who(record.virtual_ring); }
};

std::string access(const Words& w, std::string_view verb, std::string_view preposition)
{
    return fmt::format("{} {} {} ({}) {} {}", w.subject(), verb, w.c(), w.b(), preposition, w.a());
}

// SDM 3A table 6-1.
bool has_error_code(uint32_t vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

std::string fault(const Words& w)
{
    constexpr uint32_t page_fault = 14;
    if (w.record.b == page_fault)
        return fmt::format("{} touches {}: {} ({})", w.subject(), w.a(), w.b(), w.c());
    if (!has_error_code(w.record.b))
        return fmt::format("{} causes {}", w.subject(), w.b());
    return fmt::format("{} causes {}, error code {}", w.subject(), w.b(), w.c());
}

std::string ring_change(const Words& w, std::string_view which)
{
    return fmt::format("{}{} {} {}: {}", which, w.a(), w.style.arrow(), w.b(), w.c());
}

std::string register_access(const Words& w, std::string_view what, bool write)
{
    return fmt::format("{} {} {}: {}", w.subject(), write ? "writes" : "reads", what, w.a());
}

std::string native_exit_sentence(const Words& w)
{
    switch (w.record.kind) {
    case EventKind::InterruptFlag:
        return fmt::format("{} {} interrupts", w.subject(), w.record.a ? "lets in" : "shuts out");
    case EventKind::ControlRegisterRead:
        return register_access(w, w.b(), false);
    case EventKind::ControlRegisterWrite:
        return register_access(w, w.b(), true);
    case EventKind::SegmentLoad:
        return fmt::format("{} loads {} with selector {}", w.subject(), w.b(), w.a());
    case EventKind::InterruptReturn:
        return fmt::format("{} returns from a handler to {}:{}", w.subject(), w.b(), w.a());
    case EventKind::FarTransfer:
        return fmt::format("{} goes to another segment, {}:{}", w.subject(), w.b(), w.a());
    case EventKind::DescriptorTableLoad:
        return fmt::format("{} loads {}: at {}, limit {}", w.subject(), w.c(), w.a(), w.b());
    case EventKind::DescriptorTableStore:
        return fmt::format("{} asks for {}: {}", w.subject(), w.b(), w.a());
    case EventKind::PageInvalidation:
        return fmt::format("{} invalidates the translation of {}", w.subject(), w.a());
    case EventKind::ShadowFill:
        return fmt::format("{} touches {}, which the monitor maps now ({} pages)", w.subject(), w.a(), w.b());
    case EventKind::FastSystemReturn:
        return fmt::format("{} returns from a system call with SYSEXIT to {}", w.subject(), w.a());
    case EventKind::CacheFlush:
        return fmt::format("{} empties the caches", w.subject());
    case EventKind::MemoryEmulated:
        return fmt::format("{} {}s memory at {} that the monitor keeps", w.subject(), w.b(), w.a());
    case EventKind::Hypercall:
        return fmt::format("{} calls the monitor: {}, answer {}", w.subject(), w.a(), w.b());
    default:
        return {};
    }
}

std::string host_exit_sentence(const Words& w)
{
    switch (w.record.kind) {
    case EventKind::KernelExit:
        return fmt::format("the host's kernel settles an exit of {} by itself: {}", w.subject(), w.b());
    case EventKind::HostPageFault:
        return fmt::format("{} touches a page that the host gives it now: {}", w.subject(), w.b());
    case EventKind::HostInterrupt:
        return fmt::format("a device of the host interrupts while {} runs: {}", w.subject(), w.b());
    default:
        return {};
    }
}

std::string exit_sentence(const Words& w)
{
    switch (w.record.kind) {
    case EventKind::PortRead:
        return access(w, "reads", "from port");
    case EventKind::PortWrite:
        return access(w, "writes", "to port");
    case EventKind::MmioRead:
        return access(w, "reads", "from the device at");
    case EventKind::MmioWrite:
        return access(w, "writes", "to the device at");
    case EventKind::Exception:
        return fault(w);
    case EventKind::SoftwareInterrupt:
        return fmt::format("{} executes INT {}", w.subject(), w.b());
    case EventKind::ExternalInterrupt:
        return fmt::format("a device interrupts {}: vector {}", w.subject(), w.b());
    case EventKind::NonMaskableInterrupt:
        return fmt::format("a non-maskable interrupt stops {}", w.subject());
    case EventKind::Halt:
        return fmt::format("{} waits for an interrupt (HLT)", w.subject());
    case EventKind::Cpuid:
        return fmt::format("{} asks CPUID for leaf {}, subleaf {}", w.subject(), w.a(), w.b());
    case EventKind::TimeStamp:
        return fmt::format("{} reads the time-stamp counter: {}", w.subject(), w.a());
    case EventKind::MsrRead:
        return register_access(w, "MSR " + w.b(), false);
    case EventKind::MsrWrite:
        return register_access(w, "MSR " + w.b(), true);
    case EventKind::DebugRegister:
        return register_access(w, w.b(), w.record.c != 0);
    case EventKind::FastSystemCall:
        return fmt::format("{} enters the kernel with SYSENTER", w.subject());
    case EventKind::InterruptWindow:
        return fmt::format("{} can take the interrupt that waited", w.subject());
    case EventKind::Kick:
        return "somebody outside asks the guest to stop for a moment";
    default:
        return native_exit_sentence(w);
    }
}

std::string other_sentence(const Words& w)
{
    switch (w.record.kind) {
    case EventKind::RingChange:
        return ring_change(w, "");
    case EventKind::RealRingChange:
        return ring_change(w, "really, ");
    case EventKind::InterruptLine:
        return fmt::format("interrupt line {} is {}", w.a(), w.b());
    case EventKind::Injection:
        return fmt::format("the guest takes {} through its interrupt descriptor table", w.b());
    case EventKind::DoubleFault:
        return "a fault while a fault was being delivered: the guest takes #DF";
    case EventKind::TripleFault:
        return "a fault while #DF was being delivered: a triple fault, a real PC would reset";
    case EventKind::MachineStart:
        return fmt::format("the machine starts at {}", w.a());
    case EventKind::MachinePause:
        return "the machine is paused";
    case EventKind::MachineResume:
        return "the machine goes on";
    case EventKind::MachineStop:
        return fmt::format("the machine ends with code {}", w.a());
    case EventKind::GuestMarker:
        return fmt::format("{} marks this moment: {}", w.subject(), w.a());
    case EventKind::UnclaimedAccess:
        return fmt::format("nothing is at {}: {} finds ones ({})", w.a(), w.subject(), w.b());
    case EventKind::ConsoleOutput:
        return fmt::format("the console prints {}", w.a());
    case EventKind::StrategySwitch:
        return fmt::format("{} takes over the running guest from {}, in {}", w.b(), w.a(), w.c());
    default:
        return {};
    }
}

std::string translation_sentence(const Words& w)
{
    switch (w.record.kind) {
    case EventKind::TranslationFlush:
        return fmt::format("code at {} changed: its translation ({}) is thrown away", w.a(), w.b());
    case EventKind::BlockTranslated:
        return fmt::format("{}'s code at {} is translated: {}, now {}", w.subject(), w.a(), w.c(), w.b());
    case EventKind::BlockChained:
        return fmt::format("the translation of {} leads straight to that of {} now", w.a(), w.b());
    case EventKind::BlockInvalidated:
        return fmt::format("the translation of {}, in frame {}, is given up: {}", w.a(), w.b(), w.c());
    case EventKind::TranslationsEmptied:
        return fmt::format("no room for more translations: all are thrown away ({}, {})", w.a(), w.b());
    case EventKind::CodeDormant:
        return fmt::format("frame {} is no longer at {}: the translations of its code wait ({})", w.b(), w.a(), w.c());
    case EventKind::CodeAwake:
        return fmt::format("frame {} is at {} again: the translations of its code are used again", w.b(), w.a());
    default:
        return {};
    }
}

}

std::string sentence(const EventRecord& record, const Style& style)
{
    Words words(record, style);
    auto text = exit_sentence(words);
    if (text.empty())
        text = host_exit_sentence(words);
    if (text.empty())
        text = other_sentence(words);
    if (text.empty())
        text = translation_sentence(words);
    return text.empty() ? std::string(describe(record.kind).sentence) : text;
}

std::string story_line(
    const EventRecord& record, const TickScale& scale, const SymbolTable& symbols, const Style& style)
{
    auto ring = style.paint(ring_color(record.virtual_ring), fmt::format("ring {}", record.virtual_ring));
    auto line
        = fmt::format("{:>12}  {}  {}", format_moment(scale.since_origin(record.time)), ring, sentence(record, style));
    if (auto place = symbols.name_of(record.eip); record.eip != 0 && !place.empty())
        line += style.paint(Color::Dim, fmt::format(", at {}", place));
    if (record.duration != 0)
        line
            += style.paint(Color::Dim, fmt::format(", {}", format_duration(scale.nanoseconds(record.duration), style)));
    return line;
}

}
