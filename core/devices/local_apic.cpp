#include "core/devices/local_apic.hpp"

#include "core/devices/local_apic_bits.hpp"
#include "core/verify.hpp"

#include <bit>

namespace ringside {

using namespace local_apic;

namespace {

using State = LocalApicState;

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
    const bool by_level
        = m_state.lvt[entry] & level_triggered && delivery_mode(m_state.lvt[entry]) == DeliveryMode::Fixed;
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
    if (!asserted || !(word & level_triggered) || word & (masked | remote_irr)
        || delivery_mode(word) != DeliveryMode::Fixed)
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

}
