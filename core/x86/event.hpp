// An event to deliver to the guest: an interrupt or an exception (SDM 3A §6.3, §6.4), and what became of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ringside {

// In the order of the VM-entry interruption types (SDM 3C table 24-14).
enum class EventType : uint8_t {
    ExternalInterrupt,
    Nmi,
    HardwareException,
    SoftwareInterrupt,           // INT n
    PrivilegedSoftwareException, // INT1
    SoftwareException,           // INT3, INTO
};

struct Event {
    EventType type = EventType::ExternalInterrupt;
    uint8_t vector = 0;
    bool has_error_code = false;
    uint32_t error_code = 0;
    uint32_t fault_address = 0; // #PF: goes to CR2
    uint32_t return_eip = 0;    // what is pushed: the faulting instruction, or the next one
    uint32_t debug_status = 0;  // #DB: bits to set in DR6
};

// One event of the chain that led to a delivery: the original first, then what failed on the way.
struct DeliveryStep {
    uint8_t vector = 0;
    bool has_error_code = false;
    uint32_t error_code = 0;
    uint32_t address = 0; // #PF
};

struct Delivery {
    enum class Outcome : uint8_t { Delivered, TripleFault };

    Outcome outcome = Outcome::Delivered;
    uint8_t from_ring = 0;
    uint8_t to_ring = 0; // as from_ring on a triple fault
    uint8_t vector = 0;  // the one finally delivered, 8 for a double fault; on a triple fault the last one raised
    bool has_error_code = false;
    uint32_t error_code = 0;

    // Every event raised, in order; more than one when delivery itself faulted. Table 6-5 allows at most benign,
    // contributory, page fault, second fault, double fault, third fault. Debug traps of tasks can add more, which are
    // delivered but not listed.
    static constexpr std::size_t longest_chain = 8;
    std::array<DeliveryStep, longest_chain> steps {};
    uint8_t step_count = 0;

    std::span<const DeliveryStep> chain() const { return { steps.data(), step_count }; }
};

// "#PF(0x2) at address 0xC0000000, then #NP(0x73), then #DF(0x0), then #NP(0x43)": for the message of a triple fault.
std::string describe_chain(const Delivery& delivery);

}
