// What a virtual machine is at one moment, between two instructions of its guest: for people who look at it
// (visualizer, `ringside` reports). A plain copy; nothing in it refers to the machine.
#pragma once

#include "core/machine/clock.hpp"
#include "core/machine/cpu_state.hpp"
#include "core/machine/shadow_mapping.hpp"
#include "core/machine/translation_listing.hpp"
#include "core/devices/device.hpp"
#include "core/devices/vga_text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringside {

struct DeviceSnapshot {
    std::string name;
    std::vector<RegisterView> registers;
};

// One interrupt line of the ISA bus, at both controllers that it reaches.
struct InterruptLineSnapshot {
    uint8_t irq = 0;
    bool asserted = false;       // the device holds the line
    bool requested = false;      // the PIC has latched it
    bool in_service = false;     // the PIC's interrupt has been acknowledged and not ended
    bool masked = false;         // at the PIC
    bool masked_at_apic = false; // at the I/O APIC's pin
    bool operator==(const InterruptLineSnapshot&) const = default;
};

struct GuestSnapshot {
    CpuState cpu;
    std::string strategy; // that has the guest
    Nanoseconds guest_time = 0;
    uint64_t ticks = 0;   // of the trace, at that moment
    bool paused = false;
    bool interrupt_pending = false; // a controller asks for the CPU
    bool nmi_pending = false;
    std::vector<InterruptLineSnapshot> lines;
    std::vector<DeviceSnapshot> devices;
    VgaTextSnapshot screen;
    std::optional<ShadowMapping> shadow;     // of strategies that have one
    std::optional<TranslationListing> code;  // of strategies that translate: the blocks in which EIP is
};

}
