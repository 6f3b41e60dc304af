#include "visualizer/app/palette.hpp"

#include <utility>

namespace ringside::visualizer {

namespace {

// On white the lighter colors are darkened until text in them has a contrast of 3 to 1 at least.
constexpr Rgb orange { 230, 159, 0 }, orange_on_light { 168, 109, 0 };
constexpr Rgb sky { 86, 180, 233 }, sky_on_light { 23, 120, 178 };
constexpr Rgb green { 0, 178, 132 }, green_on_light { 0, 125, 91 };
constexpr Rgb yellow { 240, 228, 66 }, yellow_on_light { 130, 120, 0 };
constexpr Rgb blue { 77, 148, 230 }, blue_on_light { 0, 92, 158 };
constexpr Rgb vermilion { 236, 110, 36 }, vermilion_on_light { 190, 78, 0 };
constexpr Rgb purple { 214, 136, 181 }, purple_on_light { 160, 70, 122 };
constexpr Rgb gray { 160, 166, 174 }, gray_on_light { 100, 106, 114 };

constexpr std::array<Look, static_cast<std::size_t>(ExitGroup::Count_)> groups { {
    { sky, sky_on_light, Shape::Square, "device" },
    { vermilion, vermilion_on_light, Shape::Cross, "fault" },
    { blue, blue_on_light, Shape::TriangleUp, "ring crossing" },
    { yellow, yellow_on_light, Shape::Diamond, "interrupt" },
    { purple, purple_on_light, Shape::Plus, "system instruction" },
    { orange, orange_on_light, Shape::Frame, "page mapping" },
    { gray, gray_on_light, Shape::Ring, "waiting" },
    { green, green_on_light, Shape::TriangleDown, "hypercall" },
    { gray, gray_on_light, Shape::Bar, "host" },
    { gray, gray_on_light, Shape::Disc, "other" },
} };

constexpr std::array<Look, 4> rings { {
    { vermilion, vermilion_on_light, Shape::Disc, "ring 0 (kernel)" },
    { yellow, yellow_on_light, Shape::Diamond, "ring 1" },
    { green, green_on_light, Shape::TriangleUp, "ring 2" },
    { sky, sky_on_light, Shape::Square, "ring 3 (program)" },
} };

constexpr Look monitor { purple, purple_on_light, Shape::Frame, "monitor" };
constexpr Look host { gray, gray_on_light, Shape::Bar, "host" };

constexpr std::array<std::pair<std::string_view, Look>, 5> strategies { {
    { "emulation", { orange, orange_on_light, Shape::Disc, "emulation" } },
    { "trap", { sky, sky_on_light, Shape::Square, "trap" } },
    { "rewriting", { green, green_on_light, Shape::Diamond, "rewriting" } },
    { "paravirt", { vermilion, vermilion_on_light, Shape::TriangleUp, "paravirt" } },
    { "hardware", { purple, purple_on_light, Shape::Plus, "hardware" } },
} };
constexpr Look unknown_strategy { gray, gray_on_light, Shape::Bar, "another strategy" };

using enum ExitGroup;

constexpr std::pair<EventKind, ExitGroup> exit_groups[] {
    { EventKind::PortRead, Device }, { EventKind::PortWrite, Device }, { EventKind::MmioRead, Device },
    { EventKind::MmioWrite, Device }, { EventKind::Exception, Fault }, { EventKind::SoftwareInterrupt, Crossing },
    { EventKind::FastSystemCall, Crossing }, { EventKind::FastSystemReturn, Crossing },
    { EventKind::InterruptReturn, Crossing }, { EventKind::FarTransfer, Crossing },
    { EventKind::ExternalInterrupt, Interrupt }, { EventKind::NonMaskableInterrupt, Interrupt },
    { EventKind::InterruptWindow, Interrupt }, { EventKind::InterruptFlag, Interrupt }, { EventKind::Halt, Waiting },
    { EventKind::Kick, Host }, { EventKind::Cpuid, System }, { EventKind::TimeStamp, System },
    { EventKind::MsrRead, System }, { EventKind::MsrWrite, System }, { EventKind::DebugRegister, System },
    { EventKind::ControlRegisterRead, System }, { EventKind::ControlRegisterWrite, System },
    { EventKind::SegmentLoad, System }, { EventKind::DescriptorTableLoad, System },
    { EventKind::DescriptorTableStore, System }, { EventKind::CacheFlush, System },
    { EventKind::PageInvalidation, Mapping }, { EventKind::ShadowFill, Mapping },
    { EventKind::MemoryEmulated, Mapping }, { EventKind::HostPageFault, Mapping },
    { EventKind::Hypercall, Hypercall }, { EventKind::KernelExit, Host }, { EventKind::HostInterrupt, Host },
};

}

ExitGroup group_of(EventKind kind)
{
    for (const auto& [candidate, group] : exit_groups) {
        if (candidate == kind)
            return group;
    }
    return Other;
}

const Look& look_of(ExitGroup group) { return groups[static_cast<std::size_t>(group)]; }
const Look& look_of_ring(unsigned ring) { return rings[ring & 3]; }
const Look& look_of_monitor() { return monitor; }
const Look& look_of_host() { return host; }

const Look& look_of_strategy(std::string_view name)
{
    for (const auto& [candidate, look] : strategies) {
        if (candidate == name)
            return look;
    }
    return unknown_strategy;
}

}
