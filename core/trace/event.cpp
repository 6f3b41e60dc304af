#include "core/trace/event.hpp"

namespace ringside {

namespace {

constexpr std::array<EventDescription, event_kind_count> descriptions { {
#define RINGSIDE_EVENT(identifier, name, category, a, b, c, sentence, source)                                          \
    { EventKind::identifier, name, EventCategory::category, { a, b, c }, sentence, source },
#include "core/trace/events.inc"
#undef RINGSIDE_EVENT
} };

constexpr EventDescription unknown_description { EventKind::Count_, "unknown", EventCategory::Lifecycle, { "", "", "" },
    "An event of a kind that this version does not know.", "" };

// In the order of the enumerations.
constexpr std::array<std::string_view, 10> category_names { "exit", "ring", "interrupt", "lifecycle", "marker",
    "device", "translation", "shadow", "hypercall", "packet" };
constexpr std::array<std::string_view, 9> cause_names { "boot", "software interrupt", "exception", "interrupt", "iret",
    "far transfer", "sysenter", "sysexit", "task switch" };
constexpr std::array<std::string_view, 4> invalidation_names { "source written", "data beside it", "other page",
    "reaches a device" };

}

const std::array<EventDescription, event_kind_count>& event_descriptions()
{
    return descriptions;
}

const EventDescription& describe(EventKind kind)
{
    return kind < EventKind::Count_ ? descriptions[static_cast<std::size_t>(kind)] : unknown_description;
}

std::string_view event_category_name(EventCategory category)
{
    auto index = static_cast<std::size_t>(category);
    return index < category_names.size() ? category_names[index] : "unknown";
}

std::string_view real_ring_name(RealRing ring)
{
    switch (ring) {
    case RealRing::Ring0:
        return "ring 0";
    case RealRing::Ring3:
        return "ring 3";
    case RealRing::NonRoot:
        return "non-root";
    case RealRing::Interpreted:
        return "interpreted";
    }
    return "unknown";
}

std::string_view ring_change_cause_name(RingChangeCause cause)
{
    auto index = static_cast<std::size_t>(cause);
    return index < cause_names.size() ? cause_names[index] : "unknown";
}

std::string_view invalidation_cause_name(InvalidationCause cause)
{
    auto index = static_cast<std::size_t>(cause);
    return index < invalidation_names.size() ? invalidation_names[index] : "unknown";
}

bool is_valid(const EventRecord& record)
{
    switch (record.real_ring) {
    case RealRing::Ring0:
    case RealRing::Ring3:
    case RealRing::NonRoot:
    case RealRing::Interpreted:
        return record.kind < EventKind::Count_ && record.virtual_ring <= 3;
    }
    return false;
}

EventFields::EventFields(const EventRecord& record)
{
    const std::array<uint64_t, 3> values { record.a, record.b, record.c };
    const auto& names = describe(record.kind).fields;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!names[i].empty())
            m_fields[m_count++] = { names[i], values[i] };
    }
}

}
