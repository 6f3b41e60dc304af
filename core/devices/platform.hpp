// The PC around the CPU: every device of DESIGN section 4, assembled, wired and claimed on one bus.
//
//   devices -> InterruptRouter -> PICs ---- LINT0 --+
//                             \-> I/O APIC ---------+-> local APIC -> interrupt_pending()
//
// The engine asks interrupt_pending() and nmi_pending() before it lets the guest run, takes the vector with
// acknowledge_interrupt() when the guest can take one, and calls TimerQueue::run_due() for the clocks.
#pragma once

#include "core/devices/bus.hpp"
#include "core/devices/debug_console.hpp"
#include "core/devices/debug_exit.hpp"
#include "core/devices/firmware_configuration.hpp"
#include "core/devices/interrupt_router.hpp"
#include "core/devices/io_apic.hpp"
#include "core/devices/keyboard_controller.hpp"
#include "core/devices/local_apic.hpp"
#include "core/devices/marker.hpp"
#include "core/devices/pic.hpp"
#include "core/devices/pit.hpp"
#include "core/devices/post_code.hpp"
#include "core/devices/reset_control.hpp"
#include "core/devices/rtc.hpp"
#include "core/devices/system_control_port.hpp"
#include "core/devices/test_device.hpp"
#include "core/devices/uart.hpp"
#include "core/devices/unclaimed.hpp"
#include "core/devices/vga_text.hpp"
#include "core/machine/guest_memory.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace ringside {

// Every callback runs on the vCPU thread, in the middle of a device access or a timer: it notes what happened and
// returns, and does not call the platform. Any may be empty.
struct PlatformHooks {
    std::function<void(std::string_view)> console_output = {}; // COM1
    std::function<void(char)> debug_output = {};               // port 0xE9
    std::function<void()> interrupt_pending = {};              // interrupt_pending() or nmi_pending() became true
    std::function<void(uint32_t)> debug_exit = {};
    std::function<void(uint32_t)> marker = {};
    std::function<void()> reset_requested = {}; // 8042 pulse, port 0x92, port 0xCF9
    std::function<void(const UnclaimedAccess&)> unclaimed = {};
    std::function<void(unsigned irq, bool level)> interrupt_line = {}; // each change of an ISA line, for the trace
};

class Platform {
public:
    // The references must outlive the platform.
    static Result<std::unique_ptr<Platform>> create(
        GuestMemory&, const Clock&, TimerQueue&, PlatformHooks, RtcStart wall_clock = {});

    Platform(const Platform&) = delete;
    Platform& operator=(const Platform&) = delete;

    Bus& bus() { return m_bus; }

    // An enabled interrupt waits for the CPU (whether the CPU's IF lets it in is the engine's affair).
    bool interrupt_pending() const { return m_local_apic.interrupt_pending(); }
    // The interrupt acknowledge cycle: the vector, now in service, or nothing if the request went away.
    std::optional<uint8_t> acknowledge_interrupt();
    bool nmi_pending() const { return m_local_apic.nmi_pending(); }
    void take_nmi() { m_local_apic.take_nmi(); }

    // Input from the host to COM1. Returns how much of it was taken; the rest is to be offered again later.
    std::size_t console_input(std::span<const char> bytes) { return m_uart.receive(bytes); }

    // BIOS data area, MP table, CMOS bytes, blank screen: call once, before a kernel is loaded.
    void write_firmware_tables();

    // For the inspector and the docs.
    std::span<Device* const> devices() const { return m_devices; }

    LocalApic& local_apic() { return m_local_apic; }
    const LocalApic& local_apic() const { return m_local_apic; }
    IoApic& io_apic() { return m_io_apic; }
    Pic& pic() { return m_pic; }
    Uart& uart() { return m_uart; }
    KeyboardController& keyboard() { return m_keyboard; }
    VgaText& vga() { return m_vga; }
    const VgaText& vga() const { return m_vga; }
    const Unclaimed& unclaimed() const { return m_unclaimed; }
    // For later devices: InterruptLine { platform.interrupt_input(), irq }.
    InterruptInput& interrupt_input() { return m_router; }

private:
    Platform(GuestMemory&, const Clock&, TimerQueue&, PlatformHooks, RtcStart);
    Result<void> claim_addresses();

    GuestMemory& m_memory;
    Unclaimed m_unclaimed;
    Bus m_bus;
    LocalApic m_local_apic;
    Pic m_pic;
    IoApic m_io_apic;
    InterruptRouter m_router;
    Uart m_uart;
    Pit m_pit;
    Rtc m_rtc;
    KeyboardController m_keyboard;
    SystemControlPort m_system_control;
    ResetControl m_reset_control;
    VgaText m_vga;
    DebugConsole m_debug_console;
    DebugExit m_debug_exit;
    Marker m_marker;
    PostCode m_post_code;
    FirmwareConfiguration m_firmware_configuration;
    TestDevice m_test_device;
    std::vector<Device*> m_devices;
};

}
