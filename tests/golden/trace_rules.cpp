#include "tests/golden/trace_rules.hpp"

#include <fmt/format.h>
#include <utility>

namespace ringside::test {

namespace {

bool comes_with_injection(uint32_t cause)
{
    return cause == static_cast<uint32_t>(RingChangeCause::SoftwareInterrupt)
        || cause == static_cast<uint32_t>(RingChangeCause::Exception)
        || cause == static_cast<uint32_t>(RingChangeCause::Interrupt);
}

class RuleChecker {
public:
    std::string check(const EventRecord& event)
    {
        if (!is_valid(event))
            return "a record is not valid";
        if (m_stopped)
            return "an event follows machine-stop";
        if (auto broken = check_order(event); !broken.empty())
            return broken;
        if (auto broken = check_life(event); !broken.empty())
            return broken;
        auto broken = check_ring(event);
        m_previous = event.kind;
        return broken;
    }
    bool stopped() const { return m_stopped; }

private:
    std::string check_order(const EventRecord& event)
    {
        uint64_t end = event.time + event.duration;
        if (end < m_end)
            return fmt::format("it ends at {}, the one before at {}", end, m_end);
        m_end = end;
        return "";
    }
    std::string check_life(const EventRecord& event)
    {
        if (event.kind == EventKind::MachineStart && std::exchange(m_started, true))
            return "the machine starts twice";
        if (event.kind == EventKind::MachineStop)
            m_stopped = true;
        bool runs = describe(event.kind).category == EventCategory::Exit || event.kind == EventKind::RingChange;
        return runs && !m_started ? "the guest runs before machine-start" : "";
    }
    std::string check_ring(const EventRecord& event)
    {
        if (event.kind == EventKind::SoftwareInterrupt || event.kind == EventKind::Exception)
            return event.virtual_ring == m_ring ? "" : fmt::format("recorded in ring {}, the guest is in ring {}", event.virtual_ring, m_ring);
        if (event.kind != EventKind::RingChange)
            return "";
        if (event.a != m_ring || event.b == m_ring)
            return fmt::format("a change from ring {} to {} while the guest is in ring {}", event.a, event.b, m_ring);
        m_ring = event.b;
        if (comes_with_injection(event.c) && m_previous != EventKind::Injection)
            return "a ring change by an interrupt without its injection";
        return "";
    }

    uint64_t m_end = 0;
    uint32_t m_ring = 0;
    bool m_started = false, m_stopped = false;
    EventKind m_previous = EventKind::Count_;
};

}

std::string broken_rule(std::span<const EventRecord> events)
{
    RuleChecker checker;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (auto broken = checker.check(events[i]); !broken.empty())
            return fmt::format("event {} ({}): {}", i, describe(events[i].kind).name, broken);
    }
    return checker.stopped() ? "" : "there is no machine-stop";
}

}
