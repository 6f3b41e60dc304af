// What a machine says of itself while its guest is between two instructions.
#include "core/machine/machine.hpp"

namespace ringside {

namespace {

std::vector<InterruptLineSnapshot> lines_of(Platform& platform)
{
    constexpr unsigned lines = 16;
    constexpr uint64_t apic_mask = 1 << 16; // io_apic.hpp
    std::vector<InterruptLineSnapshot> shown;
    for (unsigned irq = 0; irq < lines; ++irq) {
        const auto& chip = platform.pic().state().chips[irq / 8];
        auto at_pic = [irq](uint8_t bits) { return (bits >> irq % 8 & 1) != 0; };
        bool masked_at_apic = (platform.io_apic().state().entries[InterruptRouter::pin_of(irq)] & apic_mask) != 0;
        shown.push_back({ static_cast<uint8_t>(irq), at_pic(chip.lines), at_pic(chip.request), at_pic(chip.in_service),
            at_pic(chip.mask), masked_at_apic });
    }
    return shown;
}

std::vector<DeviceSnapshot> devices_of(const Platform& platform)
{
    std::vector<DeviceSnapshot> shown;
    for (const auto* device : platform.devices())
        shown.push_back({ std::string(device->name()), device->registers() });
    return shown;
}

} // namespace

GuestSnapshot Machine::snapshot()
{
    m_engine->synchronize_virtual_time();
    GuestSnapshot snapshot;
    snapshot.cpu = strategy().save();
    snapshot.strategy = strategy_info().name;
    snapshot.guest_time = m_engine->clock().now();
    snapshot.ticks = m_recorder.now();
    snapshot.paused = m_paused;
    snapshot.interrupt_pending = m_platform->interrupt_pending();
    snapshot.nmi_pending = m_platform->nmi_pending();
    snapshot.lines = lines_of(*m_platform);
    snapshot.devices = devices_of(*m_platform);
    snapshot.screen = m_platform->vga().snapshot();
    snapshot.shadow = strategy().shadow_mapping(most_mapped_runs);
    snapshot.code = strategy().translations_around(snapshot.cpu.segment(Cs).base + snapshot.cpu.eip);
    return snapshot;
}

} // namespace ringside
