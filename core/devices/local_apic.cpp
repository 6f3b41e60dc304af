#include "core/devices/local_apic.hpp"

#include "core/verify.hpp"

#include <fmt/format.h>

#include <bit>
#include <utility>

namespace ringside {

namespace {

using State = LocalApicState;

// Register numbers: the offset divided by 16 (SDM 3A table 10-1).
enum : uint32_t {
    Id = 0x02, Version = 0x03, TaskPriority = 0x08, ArbitrationPriority = 0x09, ProcessorPriority = 0x0A, Eoi = 0x0B,
    RemoteRead = 0x0C, LogicalDestination = 0x0D, DestinationFormat = 0x0E, SpuriousVector = 0x0F, InService = 0x10,
    TriggerModes = 0x18, Requests = 0x20, ErrorStatus = 0x28, CommandLow = 0x30, CommandHigh = 0x31, FirstLvt = 0x32, EndOfLvt = 0x38,
    InitialCount = 0x38, CurrentCount = 0x39, DivideConfiguration = 0x3E,
};

constexpr uint64_t base_enable = 1 << 11;
constexpr uint32_t software_enable = 1 << 8;
constexpr uint32_t version = 0x14 | (State::LvtCount - 1) << 16;

// LVT entries (SDM 3A figure 10-8).
constexpr uint32_t masked = 1 << 16, level_triggered = 1 << 15, remote_irr = 1 << 14;
constexpr std::array<uint32_t, State::LvtCount> lvt_writable { 0x300FF, 0x107FF, 0x107FF, 0x1A7FF, 0x1A7FF, 0x100FF };

// Error status (SDM 3A figure 10-9).
constexpr uint32_t send_illegal_vector = 1 << 5, received_illegal_vector = 1 << 6, illegal_register = 1 << 7;

// The vectors below are the CPU's own exceptions.
constexpr uint8_t first_legal_vector = 16;

DeliveryMode delivery_mode(uint32_t word)
{
    return static_cast<DeliveryMode>(word >> 8 & 7);
}

unsigned priority_class(unsigned priority)
{
    return priority >> 4;
}

// All registers as after power-up (SDM 3A §10.4.7.1); the interrupt lines and the base MSR are not registers.
void reset(State& state)
{
    State fresh;
    fresh.base_msr = state.base_msr;
    fresh.lines = state.lines;
    fresh.id = state.id;
    fresh.nmi = state.nmi;
    fresh.lvt.fill(masked);
    state = fresh;
}

}

std::optional<uint8_t> VectorSet::highest() const
{
    for (unsigned word = 8; word-- > 0;) {
        if (words[word])
            return static_cast<uint8_t>(32 * word + 31 - static_cast<unsigned>(std::countl_zero(words[word])));
    }
    return std::nullopt;
}

LocalApic::LocalApic(const Clock& clock, TimerQueue& timers, std::function<void()> pending)
    : m_clock(clock)
    , m_timers(timers)
    , m_timer(timers.add([this] { on_timer(); }))
    , m_pending_changed(std::move(pending))
{
    reset(m_state);
    // Virtual wire mode, as the firmware leaves it.
    m_state.lvt[State::Lint0] = static_cast<uint32_t>(DeliveryMode::ExtInt) << 8;
    m_state.lvt[State::Lint1] = static_cast<uint32_t>(DeliveryMode::Nmi) << 8;
}

bool LocalApic::enabled() const
{
    return m_state.base_msr & base_enable;
}

void LocalApic::write_base_msr(uint64_t value)
{
    constexpr uint64_t read_only = 1 << 8; // the boot processor flag
    m_state.base_msr = (value & ~read_only) | (m_state.base_msr & read_only);
    // A disabled APIC comes back as after power-up (SDM 3A §10.4.3).
    if (!enabled()) {
        reset(m_state);
        m_timers.cancel(m_timer);
    }
    update();
}

// SDM 3A §10.8.3.1: the class of the task, or of what it was interrupted by, whichever is higher.
uint8_t LocalApic::processor_priority() const
{
    const uint8_t serving = m_state.in_service.highest().value_or(0);
    if (priority_class(m_state.task_priority) >= priority_class(serving))
        return m_state.task_priority;
    return serving & 0xF0;
}

std::optional<uint8_t> LocalApic::deliverable() const
{
    if (!enabled() || !(m_state.spurious_vector & software_enable))
        return std::nullopt;
    const auto vector = m_state.request.highest();
    if (!vector || priority_class(*vector) <= priority_class(processor_priority()))
        return std::nullopt;
    return vector;
}

bool LocalApic::external_interrupt_passes() const
{
    if (!m_state.lines[0])
        return false;
    const auto entry = m_state.lvt[State::Lint0];
    return !enabled() || (!(entry & masked) && delivery_mode(entry) == DeliveryMode::ExtInt);
}

std::optional<uint8_t> LocalApic::acknowledge()
{
    const auto vector = deliverable();
    if (!vector)
        return std::nullopt;
    m_state.request.remove(*vector);
    m_state.in_service.insert(*vector);
    update();
    return vector;
}

void LocalApic::update()
{
    const bool was_pending = m_pending;
    m_pending = external_interrupt_passes() || deliverable().has_value();
    if (m_pending && !was_pending && m_pending_changed)
        m_pending_changed();
}

void LocalApic::raise_nmi()
{
    m_state.nmi = true;
    if (m_pending_changed)
        m_pending_changed();
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

void LocalApic::end_of_interrupt()
{
    const auto vector = m_state.in_service.highest();
    if (!vector)
        return;
    m_state.in_service.remove(*vector);
    if (!m_state.trigger_mode.contains(*vector))
        return;
    for (unsigned entry : { State::Lint0, State::Lint1 }) {
        auto& word = m_state.lvt[entry];
        if (word & remote_irr && static_cast<uint8_t>(word) == *vector) {
            word &= ~remote_irr;
            service_level(entry);
        }
    }
    if (m_eoi)
        m_eoi(*vector);
}

// SDM 3A §10.6.2: by APIC ID, or by the logical ID in the flat or the cluster model.
bool LocalApic::is_addressed(const ApicMessage& message) const
{
    if (message.destination == 0xFF)
        return true;
    if (message.destination_mode == DestinationMode::Physical)
        return message.destination == m_state.id;
    const auto logical = static_cast<uint8_t>(m_state.logical_destination >> 24);
    if (m_state.destination_format >> 28 == 0xF)
        return logical & message.destination;
    return logical >> 4 == message.destination >> 4 && (logical & message.destination & 0x0F);
}

bool LocalApic::deliver(const ApicMessage& message)
{
    if (!enabled() || !is_addressed(message))
        return false;
    switch (message.delivery) {
    case DeliveryMode::Fixed:
    case DeliveryMode::LowestPriority:
        return accept(message.vector, message.trigger);
    case DeliveryMode::Nmi:
        raise_nmi();
        return true;
    default:
        // INIT and STARTUP are for processors that wait to be started, and there is none; SMI has nowhere to go;
        // ExtINT comes by LINT0 only.
        return false;
    }
}

bool LocalApic::accept(uint8_t vector, TriggerMode trigger)
{
    if (!(m_state.spurious_vector & software_enable))
        return false;
    if (vector < first_legal_vector) {
        raise_error(received_illegal_vector);
        return false;
    }
    m_state.request.insert(vector);
    if (trigger == TriggerMode::Level)
        m_state.trigger_mode.insert(vector);
    else
        m_state.trigger_mode.remove(vector);
    update();
    return true;
}

// An event of the APIC itself or an edge on a LINT pin, as its LVT entry says.
void LocalApic::deliver_local(unsigned entry)
{
    const auto word = m_state.lvt[entry];
    if (word & masked)
        return;
    const bool fixed_only = entry == State::Timer || entry == State::ErrorEntry;
    const auto mode = fixed_only ? DeliveryMode::Fixed : delivery_mode(word);
    if (mode == DeliveryMode::Fixed)
        accept(static_cast<uint8_t>(word), TriggerMode::Edge);
    else if (mode == DeliveryMode::Nmi)
        raise_nmi();
}

void LocalApic::set_line(unsigned line, bool level)
{
    VERIFY(line < 2);
    const bool rising = level && !m_state.lines[line];
    m_state.lines[line] = level;
    const unsigned entry = State::Lint0 + line;
    const bool by_level = m_state.lvt[entry] & level_triggered && delivery_mode(m_state.lvt[entry]) == DeliveryMode::Fixed;
    if (rising && !by_level)
        deliver_local(entry);
    service_level(entry);
    update();
}

// A level-triggered fixed interrupt of a LINT pin: sent while the pin is asserted, once per EOI.
void LocalApic::service_level(unsigned entry)
{
    auto& word = m_state.lvt[entry];
    const bool asserted = m_state.lines[entry - State::Lint0];
    if (!asserted || !(word & level_triggered) || word & (masked | remote_irr) || delivery_mode(word) != DeliveryMode::Fixed)
        return;
    if (accept(static_cast<uint8_t>(word), TriggerMode::Level))
        word |= remote_irr;
}

void LocalApic::raise_error(uint32_t bit)
{
    const bool repeated = m_state.pending_errors & bit;
    m_state.pending_errors |= bit;
    // An error entry with an illegal vector would be an error again, for ever.
    if (!repeated)
        deliver_local(State::ErrorEntry);
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
        { "SVR", m_state.spurious_vector, 32, m_state.spurious_vector & software_enable ? "enabled" : "software-disabled" },
        { "LDR", m_state.logical_destination, 32, {} },
        { "DFR", m_state.destination_format, 32, {} },
        { "ICR", uint64_t { m_state.command_high } << 32 | m_state.command_low, 64, {} },
        { "ESR", m_state.error_status, 32, {} },
        { "IRR", m_state.request.highest().value_or(0), 8, vector(m_state.request.highest()) },
        { "ISR", m_state.in_service.highest().value_or(0), 8, vector(m_state.in_service.highest()) },
    };
    constexpr const char* names[] = { "timer", "thermal", "performance", "LINT0", "LINT1", "error" };
    for (unsigned entry = 0; entry < State::LvtCount; ++entry)
        rows.push_back({ fmt::format("LVT {}", names[entry]), m_state.lvt[entry], 32, m_state.lvt[entry] & masked ? "masked" : "" });
    rows.push_back({ "initial count", m_state.initial_count, 32, {} });
    rows.push_back({ "current count", current_count(), 32, {} });
    rows.push_back({ "divide", m_state.divide, 32, fmt::format("by {}", timer_divisor()) });
    return rows;
}

}
