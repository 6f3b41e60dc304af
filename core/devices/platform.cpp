#include "core/devices/platform.hpp"

#include "core/devices/bios_data_area.hpp"
#include "core/devices/mp_table.hpp"

namespace ringside {

Platform::Platform(
    GuestMemory& memory, const Clock& clock, TimerQueue& timers, PlatformHooks hooks, RtcStart wall_clock)
    : m_memory(memory)
    , m_unclaimed(std::move(hooks.unclaimed))
    , m_bus(m_unclaimed)
    , m_local_apic(clock, timers, std::move(hooks.interrupt_pending))
    , m_pic(InterruptLine { m_local_apic, 0 })
    , m_io_apic(m_local_apic)
    , m_router(m_pic, m_io_apic, std::move(hooks.interrupt_line))
    , m_uart(InterruptLine { m_router, 4 }, clock, timers, std::move(hooks.console_output))
    , m_pit(InterruptLine { m_router, 0 }, clock, timers)
    , m_rtc(InterruptLine { m_router, 8 }, clock, timers, wall_clock, memory.size())
    , m_keyboard(InterruptLine { m_router, 1 }, InterruptLine { m_router, 12 }, hooks.reset_requested)
    , m_system_control(hooks.reset_requested)
    , m_reset_control(hooks.reset_requested)
    , m_vga(memory)
    , m_debug_console(std::move(hooks.debug_output))
    , m_debug_exit(std::move(hooks.debug_exit))
    , m_marker(std::move(hooks.marker))
    , m_firmware_configuration(memory.size())
    , m_test_device(m_router, m_io_apic)
    , m_devices { &m_uart, &m_pic, &m_pit, &m_rtc, &m_keyboard, &m_vga, &m_local_apic, &m_io_apic, &m_debug_console,
        &m_debug_exit, &m_marker, &m_post_code, &m_system_control, &m_reset_control, &m_firmware_configuration,
        &m_test_device, &m_unclaimed }
{
    m_local_apic.connect_eoi([this](uint8_t vector) { m_io_apic.end_of_interrupt(vector); });
}

Result<std::unique_ptr<Platform>> Platform::create(
    GuestMemory& memory, const Clock& clock, TimerQueue& timers, PlatformHooks hooks, RtcStart wall_clock)
{
    std::unique_ptr<Platform> platform(new Platform(memory, clock, timers, std::move(hooks), wall_clock));
    if (auto claimed = platform->claim_addresses(); !claimed)
        return claimed.propagate();
    return platform;
}

Result<void> Platform::claim_addresses()
{
    struct PortClaim {
        Device& device;
        unsigned region;
        uint16_t base;
        uint32_t count;
        unsigned widest;
    };
    const PortClaim ports[] = {
        { m_pic, 0, 0x20, 2, 1 },
        { m_pit, 0, 0x40, 4, 1 },
        { m_keyboard, 0, 0x60, 1, 1 },
        { m_pit, 1, 0x61, 1, 1 },
        { m_keyboard, 1, 0x64, 1, 1 },
        { m_rtc, 0, 0x70, 2, 1 },
        { m_post_code, 0, 0x80, 1, 1 },
        { m_system_control, 0, 0x92, 1, 1 },
        { m_pic, 1, 0xA0, 2, 1 },
        { m_test_device, 0, 0xE0, 4, 1 },
        { m_marker, 0, 0xE8, 1, 4 },
        { m_debug_console, 0, 0xE9, 1, 1 },
        { m_debug_exit, 0, 0xF4, 4, 4 },
        { m_vga, 0, 0x3C0, 16, 1 },
        { m_vga, 1, 0x3D4, 2, 1 },
        { m_vga, 2, 0x3DA, 1, 1 },
        { m_uart, 0, 0x3F8, 8, 1 },
        { m_pic, 2, 0x4D0, 2, 1 },
        { m_firmware_configuration, 0, 0x510, 2, 2 },
        { m_reset_control, 0, 0xCF9, 1, 1 },
        { m_test_device, 1, 0x2000, TestDevice::lines, 1 },
    };
    for (const auto& claim : ports) {
        if (auto claimed = m_bus.claim_ports(claim.device, claim.region, claim.base, claim.count, claim.widest);
            !claimed)
            return claimed;
    }
    if (auto claimed = m_bus.claim_memory(m_io_apic, 0, Gpa { 0xFEC00000 }, page_size); !claimed)
        return claimed;
    return m_bus.claim_memory(m_local_apic, 0, Gpa { 0xFEE00000 }, page_size);
}

std::optional<uint8_t> Platform::acknowledge_interrupt()
{
    if (auto vector = m_local_apic.acknowledge())
        return vector;
    if (m_local_apic.external_interrupt_passes())
        return m_pic.acknowledge();
    return std::nullopt;
}

void Platform::write_firmware_tables()
{
    write_bios_data_area(m_memory);
    write_mp_table(m_memory);
    m_rtc.write_firmware_bytes();
    m_vga.clear_screen();
}

}
