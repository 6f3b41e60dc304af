// What I/O APIC and local APIC say to each other (SDM 3A §10.6, 82093AA §3.2.4).
#pragma once

#include <cstdint>

namespace ringside {

// As encoded in bits 8..10 of an LVT entry, an ICR or a redirection entry.
enum class DeliveryMode : uint8_t {
    Fixed = 0,
    LowestPriority = 1,
    Smi = 2,
    Nmi = 4,
    Init = 5,
    Startup = 6,
    ExtInt = 7,
};

enum class TriggerMode : uint8_t { Edge, Level };
enum class DestinationMode : uint8_t { Physical, Logical };

struct ApicMessage {
    uint8_t vector = 0;
    DeliveryMode delivery = DeliveryMode::Fixed;
    TriggerMode trigger = TriggerMode::Edge;
    DestinationMode destination_mode = DestinationMode::Physical;
    uint8_t destination = 0;
};

class ApicReceiver {
public:
    virtual ~ApicReceiver() = default;
    // True if somebody took the message; a sender of level interrupts then waits for the EOI.
    virtual bool deliver(const ApicMessage&) = 0;
};

}
