#include "core/devices/io_apic.hpp"

#include "core/verify.hpp"

#include <fmt/format.h>

namespace ringside {

namespace {

constexpr uint64_t masked = 1 << 16;
constexpr uint64_t level_triggered = 1 << 15;
constexpr uint64_t remote_irr = 1 << 14;
constexpr uint64_t logical = 1 << 11;
constexpr uint64_t writable = 0xFF00'0000'0001'AFFF; // all but delivery status and remote IRR

constexpr uint32_t version = 0x20 | (IoApicState::pins - 1) << 16;

// Offsets into the 4 KiB of registers.
enum : uint32_t { IndexRegister = 0x00, Window = 0x10, EoiRegister = 0x40 };
// What the index selects.
enum : uint8_t { Identification = 0, Version = 1, Arbitration = 2, FirstEntry = 0x10 };

uint8_t vector_of(uint64_t entry)
{
    return static_cast<uint8_t>(entry);
}

}

IoApic::IoApic(ApicReceiver& receiver)
    : m_receiver(receiver)
{
    m_state.id = reset_id;
    m_state.entries.fill(masked);
}

uint32_t IoApic::read(unsigned, uint32_t offset, unsigned)
{
    // Only aligned 32-bit reads are defined; narrower ones get the low bytes (82093AA §3.1).
    if (offset == IndexRegister)
        return m_state.index;
    return offset == Window ? read_window() : 0;
}

void IoApic::write(unsigned, uint32_t offset, unsigned size, uint32_t value)
{
    if (offset == IndexRegister)
        m_state.index = static_cast<uint8_t>(value);
    else if (offset == Window && size == 4)
        write_window(value);
    else if (offset == EoiRegister)
        end_of_interrupt(static_cast<uint8_t>(value));
}

uint32_t IoApic::read_window() const
{
    switch (m_state.index) {
    case Identification:
    case Arbitration:
        return uint32_t { m_state.id } << 24;
    case Version:
        return version;
    }
    const unsigned pin = (m_state.index - FirstEntry) / 2u;
    if (m_state.index < FirstEntry || pin >= IoApicState::pins)
        return 0;
    return static_cast<uint32_t>(m_state.entries[pin] >> (m_state.index & 1 ? 32 : 0));
}

void IoApic::write_window(uint32_t value)
{
    if (m_state.index == Identification) {
        m_state.id = (value >> 24) & 0x0F;
        return;
    }
    const unsigned pin = (m_state.index - FirstEntry) / 2u;
    if (m_state.index >= FirstEntry && pin < IoApicState::pins)
        write_entry(pin, m_state.index & 1, value);
}

void IoApic::write_entry(unsigned pin, bool high_word, uint32_t value)
{
    auto& entry = m_state.entries[pin];
    const uint64_t half = high_word ? 0xFFFFFFFF'00000000 : 0xFFFFFFFF;
    const uint64_t written = high_word ? uint64_t { value } << 32 : value;
    entry = (entry & ~(half & writable)) | (written & half & writable);
    // Remote IRR means nothing for an edge; kernels switch to edge and back to clear it.
    if (!(entry & level_triggered))
        entry &= ~remote_irr;
    service_level(pin);
}

void IoApic::set_line(unsigned pin, bool level)
{
    VERIFY(pin < IoApicState::pins);
    const uint32_t bit = 1u << pin;
    const bool rising = level && !(m_state.lines & bit);
    m_state.lines = level ? m_state.lines | bit : m_state.lines & ~bit;
    const auto entry = m_state.entries[pin];
    if (rising && !(entry & (masked | level_triggered)))
        send(pin);
    service_level(pin);
}

void IoApic::end_of_interrupt(uint8_t vector)
{
    for (unsigned pin = 0; pin < IoApicState::pins; ++pin) {
        auto& entry = m_state.entries[pin];
        if (!(entry & remote_irr) || vector_of(entry) != vector)
            continue;
        entry &= ~remote_irr;
        service_level(pin);
    }
}

// Sends the interrupt of an asserted level-triggered pin, unless the last one still waits for its EOI.
void IoApic::service_level(unsigned pin)
{
    auto& entry = m_state.entries[pin];
    const bool asserted = m_state.lines >> pin & 1;
    if (!asserted || !(entry & level_triggered) || entry & (masked | remote_irr))
        return;
    const auto mode = static_cast<DeliveryMode>(entry >> 8 & 7);
    const bool ends_with_eoi = mode == DeliveryMode::Fixed || mode == DeliveryMode::LowestPriority;
    if (send(pin) && ends_with_eoi)
        entry |= remote_irr;
}

bool IoApic::send(unsigned pin)
{
    const auto entry = m_state.entries[pin];
    return m_receiver.deliver({
        .vector = vector_of(entry),
        .delivery = static_cast<DeliveryMode>(entry >> 8 & 7),
        .trigger = entry & level_triggered ? TriggerMode::Level : TriggerMode::Edge,
        .destination_mode = entry & logical ? DestinationMode::Logical : DestinationMode::Physical,
        .destination = static_cast<uint8_t>(entry >> 56),
    });
}

std::vector<RegisterView> IoApic::registers() const
{
    std::vector<RegisterView> rows {
        { "id", m_state.id, 8, {} },
        { "version", version, 32, {} },
        { "index", m_state.index, 8, {} },
        { "lines", m_state.lines, 24, "asserted pins" },
    };
    for (unsigned pin = 0; pin < IoApicState::pins; ++pin) {
        const auto entry = m_state.entries[pin];
        rows.push_back({ fmt::format("pin {}", pin), entry, 64,
            fmt::format("vector {:#04x}, {}{}{}", vector_of(entry), entry & level_triggered ? "level" : "edge",
                entry & masked ? ", masked" : "", entry & remote_irr ? ", waits for EOI" : "") });
    }
    return rows;
}

}
