// Events: the kinds that events.inc lists, and the fixed-size record that a trace is made of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace ringside {

enum class EventCategory : uint8_t {
    Exit,
    Ring,
    Interrupt,
    Lifecycle,
    Marker,
    Device,
    Translation,
    Shadow,
    Hypercall,
    Packet
};
std::string_view event_category_name(EventCategory category); // "exit", "ring", ...

enum class EventKind : uint16_t {
#define RINGSIDE_EVENT(identifier, ...) identifier,
#include "core/trace/events.inc"
#undef RINGSIDE_EVENT
    Count_
};

inline constexpr std::size_t event_kind_count = static_cast<std::size_t>(EventKind::Count_);

struct EventDescription {
    EventKind kind;
    std::string_view name;
    EventCategory category;
    std::array<std::string_view, 3> fields; // "" when unused
    std::string_view sentence;
    std::string_view source;
};

// Indexed by kind.
const std::array<EventDescription, event_kind_count>& event_descriptions();
// Total: a kind that is out of range (a damaged record, a newer file) is described as "unknown".
const EventDescription& describe(EventKind kind);

// Where the guest's code really runs. Emulation interprets it: it has no real ring.
enum class RealRing : uint8_t { Ring0 = 0, Ring3 = 3, NonRoot = 4, Interpreted = 5 };
std::string_view real_ring_name(RealRing ring); // "ring 0", "ring 3", "non-root", "interpreted"

// Why a ring changed. Values are in trace files: append-only.
enum class RingChangeCause : uint32_t {
    Boot,
    SoftwareInterrupt,
    Exception,
    Interrupt,
    Iret,
    FarTransfer,
    Sysenter,
    Sysexit,
    TaskSwitch
};
std::string_view ring_change_cause_name(RingChangeCause cause); // "software interrupt", "iret", ...

// Why a translation was given up. Values are in trace files: append-only.
enum class InvalidationCause : uint32_t {
    SourceWritten, // the code was overwritten
    MixedPage,     // data lies beside it and is written: it will be translated with a comparison of its source
    OtherPage,     // its last instruction goes on in a page that now is another
    ReachesDevice, // one of its instructions traps each time: it will call the monitor instead
};
std::string_view invalidation_cause_name(InvalidationCause cause); // "source written", ...

// One event. `time` and `duration` are in ticks (the trace says how many a second); `duration` saturates and is 0 for
// everything but exits. `eip` is the guest's instruction pointer where the strategy knows it, else 0. `raw` is the
// strategy's own code for the reason (a Unicorn hook, a signal, a KVM exit reason), 0 when there is none.
//
// Order within a trace: by the moment at which an event ends. An exit's record therefore follows those of what the
// monitor did during it.
struct EventRecord {
    uint64_t time = 0; // when the event began
    uint32_t duration = 0;
    EventKind kind = EventKind::Count_;
    uint8_t virtual_ring = 0;
    RealRing real_ring = RealRing::Interpreted;
    uint32_t eip = 0;
    uint32_t raw = 0;
    uint64_t a = 0;
    uint32_t b = 0;
    uint32_t c = 0;

    bool operator==(const EventRecord&) const = default;
};
static_assert(sizeof(EventRecord) == 40);
static_assert(
    std::has_unique_object_representations_v<EventRecord>, "no padding: records are copied to files as they are");

// True if the kind and both rings are ones that exist. What `a`, `b` and `c` hold may still be nonsense.
bool is_valid(const EventRecord& record);

// The fields that this kind of event uses, in order.
struct EventField {
    std::string_view name;
    uint64_t value = 0;
};
class EventFields {
public:
    explicit EventFields(const EventRecord& record);
    const EventField* begin() const { return m_fields.data(); }
    const EventField* end() const { return m_fields.data() + m_count; }

private:
    std::array<EventField, 3> m_fields {};
    std::size_t m_count = 0;
};

}
