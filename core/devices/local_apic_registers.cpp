// The local APIC's registers as the guest sees them (SDM 3A §10.4.1, table 10-1).
#include "core/devices/local_apic.hpp"
#include "core/devices/local_apic_bits.hpp"

#include <fmt/format.h>

#include <utility>

namespace ringside {

using namespace local_apic;

namespace {

using State = LocalApicState;

// Register numbers: the offset divided by 16 (SDM 3A table 10-1).
enum : uint32_t {
    Id = 0x02,
    Version = 0x03,
    TaskPriority = 0x08,
    ArbitrationPriority = 0x09,
    ProcessorPriority = 0x0A,
    Eoi = 0x0B,
    RemoteRead = 0x0C,
    LogicalDestination = 0x0D,
    DestinationFormat = 0x0E,
    SpuriousVector = 0x0F,
    InService = 0x10,
    TriggerModes = 0x18,
    Requests = 0x20,
    ErrorStatus = 0x28,
    CommandLow = 0x30,
    CommandHigh = 0x31,
    FirstLvt = 0x32,
    EndOfLvt = 0x38,
    InitialCount = 0x38,
    CurrentCount = 0x39,
    DivideConfiguration = 0x3E,
};

constexpr uint32_t version = 0x14 | (State::LvtCount - 1) << 16;

// What software may write of each LVT entry; delivery status and remote IRR are not among it.
constexpr std::array<uint32_t, State::LvtCount> lvt_writable { 0x300FF, 0x107FF, 0x107FF, 0x1A7FF, 0x1A7FF, 0x100FF };

}

// Only aligned 32-bit accesses are defined (SDM 3A §10.4.1). Other reads get the bytes that are there, other writes
// have no effect.
uint32_t LocalApic::read(unsigned, uint32_t offset, unsigned)
{
    if (!enabled())
        return 0xFFFFFFFF;
    const unsigned byte = offset % 16;
    return byte < 4 ? read_register(offset / 16) >> (8 * byte) : 0;
}

void LocalApic::write(unsigned, uint32_t offset, unsigned size, uint32_t value)
{
    if (!enabled() || size != 4 || offset % 16 != 0)
        return;
    write_register(offset / 16, value);
    update();
}

uint32_t LocalApic::read_register(uint32_t index)
{
    if (index >= InService && index < ErrorStatus) {
        const auto& set = index < TriggerModes ? m_state.in_service
            : index < Requests                 ? m_state.trigger_mode
                                               : m_state.request;
        return set.words[index % 8];
    }
    if (index >= FirstLvt && index < EndOfLvt)
        return m_state.lvt[index - FirstLvt];
    switch (index) {
    case Id: return uint32_t { m_state.id } << 24;
    case Version: return version;
    case TaskPriority: return m_state.task_priority;
    case ArbitrationPriority:
    case ProcessorPriority: return processor_priority();
    case Eoi:
    case RemoteRead: return 0;
    case LogicalDestination: return m_state.logical_destination;
    case DestinationFormat: return m_state.destination_format;
    case SpuriousVector: return m_state.spurious_vector;
    case ErrorStatus: return m_state.error_status;
    case CommandLow: return m_state.command_low;
    case CommandHigh: return m_state.command_high;
    case InitialCount: return m_state.initial_count;
    case CurrentCount: return current_count();
    case DivideConfiguration: return m_state.divide;
    default:
        raise_error(illegal_register);
        return 0;
    }
}

void LocalApic::write_register(uint32_t index, uint32_t value)
{
    if (index >= FirstLvt && index < EndOfLvt)
        return write_lvt(index - FirstLvt, value);
    switch (index) {
    case Id:
        m_state.id = static_cast<uint8_t>(value >> 24);
        return;
    case TaskPriority:
        m_state.task_priority = static_cast<uint8_t>(value);
        return;
    case Eoi:
        return end_of_interrupt();
    case LogicalDestination:
        m_state.logical_destination = value & 0xFF000000;
        return;
    case DestinationFormat:
        m_state.destination_format = value | 0x0FFFFFFF;
        return;
    case SpuriousVector:
        return write_spurious_vector(value);
    case ErrorStatus:
        // A write makes the errors since the last one readable (SDM 3A §10.5.3).
        m_state.error_status = std::exchange(m_state.pending_errors, 0);
        return;
    case CommandHigh:
        m_state.command_high = value & 0xFF000000;
        return;
    case CommandLow:
        return write_command(value);
    case InitialCount:
        return write_initial_count(value);
    case DivideConfiguration:
        return write_divide(value);
    default:
        return raise_error(illegal_register);
    }
}

// Disabling by software masks every LVT entry and keeps it so (SDM 3A §10.4.7.2).
void LocalApic::write_spurious_vector(uint32_t value)
{
    const bool was_enabled = m_state.spurious_vector & software_enable;
    m_state.spurious_vector = value & 0x3FF;
    if (!was_enabled || value & software_enable)
        return;
    for (auto& entry : m_state.lvt)
        entry |= masked;
    arm_timer();
}

void LocalApic::write_lvt(unsigned entry, uint32_t value)
{
    if (entry == State::Timer)
        catch_up_timer();
    auto& word = m_state.lvt[entry];
    word = (word & remote_irr) | (value & lvt_writable[entry]);
    if (!(m_state.spurious_vector & software_enable))
        word |= masked;
    if (!(word & level_triggered))
        word &= ~remote_irr;
    if (entry == State::Timer)
        arm_timer();
    if (entry == State::Lint0 || entry == State::Lint1)
        service_level(entry);
}

//  ICR: 19..18 shorthand | 15 level | 14 assert | 11 logical | 10..8 delivery mode | 7..0 vector
void LocalApic::write_command(uint32_t value)
{
    enum Shorthand : uint32_t { None, Self, AllIncludingSelf, AllButSelf };
    m_state.command_low = value & 0x000CCFFF;
    ApicMessage message {
        .vector = static_cast<uint8_t>(value),
        .delivery = delivery_mode(value),
        .destination_mode = value & 1 << 11 ? DestinationMode::Logical : DestinationMode::Physical,
        .destination = static_cast<uint8_t>(m_state.command_high >> 24),
    };
    const bool has_vector = message.delivery == DeliveryMode::Fixed || message.delivery == DeliveryMode::LowestPriority;
    if (has_vector && message.vector < first_legal_vector)
        return raise_error(send_illegal_vector);
    switch (value >> 18 & 3) {
    case AllButSelf: // there is nobody else
        return;
    case Self:
    case AllIncludingSelf:
        message.destination_mode = DestinationMode::Physical;
        message.destination = 0xFF;
        break;
    default:
        break;
    }
    deliver(message);
}

std::vector<RegisterView> LocalApic::registers() const
{
    const auto vector = [](std::optional<uint8_t> highest) {
        return highest ? fmt::format("highest vector {:#04x}", *highest) : std::string("none");
    };
    std::vector<RegisterView> rows {
        { "base MSR", m_state.base_msr, 64, enabled() ? "enabled" : "disabled" },
        { "ID", m_state.id, 8, {} },
        { "TPR", m_state.task_priority, 8, "task priority" },
        { "PPR", processor_priority(), 8, "processor priority" },
        { "SVR", m_state.spurious_vector, 32,
            m_state.spurious_vector & software_enable ? "enabled" : "software-disabled" },
        { "LDR", m_state.logical_destination, 32, {} },
        { "DFR", m_state.destination_format, 32, {} },
        { "ICR", uint64_t { m_state.command_high } << 32 | m_state.command_low, 64, {} },
        { "ESR", m_state.error_status, 32, {} },
        { "IRR", m_state.request.highest().value_or(0), 8, vector(m_state.request.highest()) },
        { "ISR", m_state.in_service.highest().value_or(0), 8, vector(m_state.in_service.highest()) },
    };
    constexpr const char* names[] = { "timer", "thermal", "performance", "LINT0", "LINT1", "error" };
    for (unsigned entry = 0; entry < State::LvtCount; ++entry)
        rows.push_back({ fmt::format("LVT {}", names[entry]), m_state.lvt[entry], 32,
            m_state.lvt[entry] & masked ? "masked" : "" });
    rows.push_back({ "initial count", m_state.initial_count, 32, {} });
    rows.push_back({ "current count", current_count(), 32, {} });
    rows.push_back({ "divide", m_state.divide, 32, fmt::format("by {}", timer_divisor()) });
    return rows;
}

}
