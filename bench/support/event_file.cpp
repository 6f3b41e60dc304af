#include "bench/support/event_file.hpp"

#include "core/trace/trace_file.hpp"

#include <array>
#include <random>
#include <span>

namespace ringside {

Result<void> write_event_file(const std::string& path, uint64_t count)
{
    constexpr std::array kinds { EventKind::PortWrite, EventKind::PortRead, EventKind::Exception, EventKind::InterruptFlag,
        EventKind::ShadowFill, EventKind::Halt };
    TraceHeader header { "trap", "bench", ClockKind::Host, { 3'000'000'000, 1'000'000'000 }, {} };
    auto writer = TraceWriter::create(path, header);
    if (!writer)
        return writer.propagate();
    std::mt19937 random(1);
    EventRecord record { .time = header.scale.origin };
    uint32_t ring = 0;
    for (uint64_t i = 0; i < count; ++i) {
        auto dice = static_cast<uint32_t>(random());
        record.time += record.duration + dice % 4000;
        record.kind = dice % 5 == 0 ? EventKind::RingChange : kinds[(dice >> 8) % kinds.size()];
        record.duration = record.kind == EventKind::RingChange ? 0 : 1000 + (dice >> 16) % 6000;
        if (record.kind == EventKind::RingChange)
            ring = 3 - ring;
        record.virtual_ring = static_cast<uint8_t>(ring);
        record.real_ring = RealRing::Ring3;
        record.a = 3 - ring;
        record.b = ring;
        if (auto written = writer->append(std::span { &record, 1 }); !written)
            return written;
    }
    return writer->finish({});
}

}
