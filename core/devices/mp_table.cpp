#include "core/devices/mp_table.hpp"

#include "core/devices/interrupt_router.hpp"
#include "core/devices/io_apic.hpp"
#include "core/verify.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <vector>

namespace ringside {

namespace {

using Bytes = std::vector<uint8_t>;

enum EntryType : uint8_t { Processor = 0, Bus = 1, IoApicEntry = 2, IoInterrupt = 3, LocalInterrupt = 4 };
enum InterruptType : uint8_t { VectoredInt = 0, NmiInterrupt = 1, ExtInt = 3 };

constexpr uint8_t specification = 4; // 1.4
constexpr uint8_t isa_bus = 0;
constexpr uint8_t boot_processor = 0; // local APIC ID
constexpr uint8_t every_processor = 0xFF;
constexpr uint32_t local_apic_address = 0xFEE00000;
constexpr uint32_t io_apic_address = 0xFEC00000;

void append(Bytes& table, std::initializer_list<uint8_t> bytes)
{
    table.insert(table.end(), bytes);
}

void append(Bytes& table, std::string_view text)
{
    table.insert(table.end(), text.begin(), text.end());
}

void append_32(Bytes& table, uint32_t value)
{
    for (unsigned shift = 0; shift < 32; shift += 8)
        table.push_back(static_cast<uint8_t>(value >> shift));
}

// Makes the sum of all bytes zero.
void set_checksum(Bytes& table, std::size_t position)
{
    table[position] = 0;
    const auto sum = std::accumulate(table.begin(), table.end(), 0u);
    table[position] = static_cast<uint8_t>(0u - sum);
}

void append_processor(Bytes& table)
{
    append(table, { Processor, boot_processor, 0x14, 0x03 }); // version of the local APIC; enabled, boot processor
    append_32(table, 0x00000600);                             // family 6
    append_32(table, 0x00000201);                             // FPU, APIC
    append_32(table, 0);
    append_32(table, 0);
}

void append_interrupt(Bytes& table, EntryType entry, InterruptType type, unsigned source, uint8_t target, unsigned pin)
{
    // The two zero bytes: polarity and trigger mode conform to the bus, which for ISA is active high, edge.
    append(table, { entry, type, 0, 0, isa_bus, static_cast<uint8_t>(source), target, static_cast<uint8_t>(pin) });
}

// Returns the number of entries.
uint16_t append_entries(Bytes& table)
{
    uint16_t count = 5;
    append_processor(table);
    append(table, { Bus, isa_bus });
    append(table, "ISA   ");
    append(table, { IoApicEntry, IoApic::reset_id, 0x20, 0x01 });
    append_32(table, io_apic_address);
    for (unsigned irq = 0; irq < 16; ++irq) {
        if (irq == 2) // the cascade is no interrupt
            continue;
        append_interrupt(table, IoInterrupt, VectoredInt, irq, IoApic::reset_id, InterruptRouter::pin_of(irq));
        ++count;
    }
    append_interrupt(table, LocalInterrupt, ExtInt, 0, boot_processor, 0);
    append_interrupt(table, LocalInterrupt, NmiInterrupt, 0, every_processor, 1);
    return count;
}

Bytes configuration_table()
{
    constexpr std::size_t length_at = 4, checksum_at = 7, count_at = 34;
    Bytes table;
    append(table, "PCMP");
    append(table, { 0, 0, specification, 0 });
    append(table, "RINGSIDE");
    append(table, "LABORATORYPC");
    append_32(table, 0);           // no OEM table
    append(table, { 0, 0, 0, 0 }); // its size, the number of entries
    append_32(table, local_apic_address);
    append_32(table, 0); // no extended table
    const auto count = append_entries(table);
    table[count_at] = static_cast<uint8_t>(count);
    table[length_at] = static_cast<uint8_t>(table.size());
    table[length_at + 1] = static_cast<uint8_t>(table.size() >> 8);
    set_checksum(table, checksum_at);
    return table;
}

Bytes floating_pointer()
{
    constexpr std::size_t checksum_at = 10;
    Bytes pointer;
    append(pointer, "_MP_");
    append_32(pointer, static_cast<uint32_t>(mp_configuration_table.value));
    // One paragraph long; a configuration table is present; no IMCR, so virtual wire mode.
    append(pointer, { 1, specification, 0, 0, 0, 0, 0, 0 });
    set_checksum(pointer, checksum_at);
    return pointer;
}

void store(GuestMemory& memory, Gpa address, const Bytes& table)
{
    auto target = memory.bytes(address, table.size());
    VERIFY(!target.empty());
    std::memcpy(target.data(), table.data(), table.size());
}

}

void write_mp_table(GuestMemory& memory)
{
    store(memory, mp_floating_pointer, floating_pointer());
    store(memory, mp_configuration_table, configuration_table());
}

}
