#include "core/devices/rtc.hpp"

#include "core/devices/bios_data_area.hpp"
#include "core/devices/frequency.hpp"
#include "core/devices/rtc_bits.hpp"

#include <algorithm>
#include <utility>

namespace ringside {

using namespace rtc_registers;

namespace {

constexpr Nanoseconds second = Frequency::second;
constexpr Nanoseconds update_warning = 244'000; // UIP rises this long before the time changes
constexpr Frequency crystal { 32'768 };
constexpr int64_t day = 86'400;

// CMOS memory.
enum : uint8_t {
    Equipment = 0x14,
    BaseMemory = 0x15,
    ExtendedMemory = 0x17,
    ChecksumFirst = 0x10,
    ChecksumLast = 0x2D,
    Checksum = 0x2E,
    ExtendedMemoryFound = 0x30,
    MemoryAbove16MiB = 0x34,
};

bool is_time(uint8_t index)
{
    return index == Century || (index <= Year && index != SecondsAlarm && index != MinutesAlarm && index != HoursAlarm);
}

// "Don't care" in an alarm register.
bool is_wildcard(uint8_t value)
{
    return (value & 0xC0) == 0xC0;
}

void put_16(std::array<uint8_t, 128>& cmos, uint8_t index, uint64_t value)
{
    value = std::min<uint64_t>(value, 0xFFFF);
    cmos[index] = static_cast<uint8_t>(value);
    cmos[index + 1u] = static_cast<uint8_t>(value >> 8);
}

}

Rtc::Rtc(InterruptLine line, const Clock& clock, TimerQueue& timers, RtcStart start, uint64_t memory_bytes)
    : m_line(line)
    , m_clock(clock)
    , m_timers(timers)
    , m_event(timers.add([this] { update(); }))
    , m_memory_bytes(memory_bytes)
{
    m_state.cmos[StatusA] = divider_running | 6; // 1024 Hz
    m_state.cmos[StatusB] = hours_24;
    m_state.cmos[StatusD] = memory_valid;
    m_state.epoch = start.seconds;
    m_state.epoch_time = m_clock.now();
    m_state.seen_until = m_state.epoch_time;
}

void Rtc::write_firmware_bytes()
{
    auto& cmos = m_state.cmos;
    constexpr uint64_t kib = 1024;
    cmos[Equipment] = 0x22; // coprocessor, 80 columns of color
    put_16(cmos, BaseMemory, conventional_memory_kib + 1);
    // One field ends at 64 MiB, the other counts from 16 MiB in units of 64 KiB.
    const auto extended = (m_memory_bytes - mebibyte) / kib;
    put_16(cmos, ExtendedMemory, extended);
    put_16(cmos, ExtendedMemoryFound, extended);
    const auto above = m_memory_bytes > 16 * mebibyte ? m_memory_bytes - 16 * mebibyte : 0;
    put_16(cmos, MemoryAbove16MiB, above / (64 * kib));
    unsigned sum = 0;
    for (unsigned i = ChecksumFirst; i <= ChecksumLast; ++i)
        sum += cmos[i];
    // High byte first, unlike everything else.
    cmos[Checksum] = static_cast<uint8_t>(sum >> 8);
    cmos[Checksum + 1] = static_cast<uint8_t>(sum);
}

uint32_t Rtc::read(unsigned, uint32_t offset, unsigned)
{
    // The index register cannot be read back on a PC.
    return offset == 0 ? 0xFF : read_data();
}

void Rtc::write(unsigned, uint32_t offset, unsigned, uint32_t value)
{
    if (offset == 0)
        m_state.index = static_cast<uint8_t>(value);
    else
        write_data(static_cast<uint8_t>(value));
}

// The time stands still while software sets it or holds the divider in reset.
bool Rtc::stopped() const
{
    const auto divider = m_state.cmos[StatusA] & divider_bits;
    return m_state.cmos[StatusB] & set_time || divider != divider_running;
}

int64_t Rtc::seconds_at(Nanoseconds time) const
{
    return m_state.epoch + static_cast<int64_t>((time - m_state.epoch_time) / second);
}

bool Rtc::update_in_progress() const
{
    return !stopped() && (m_clock.now() - m_state.epoch_time) % second >= second - update_warning;
}

uint8_t Rtc::read_data()
{
    const uint8_t index = m_state.index & 0x7F;
    if (is_time(index) && !stopped())
        time_to_registers(seconds_at(m_clock.now()));
    if (index == StatusA)
        return static_cast<uint8_t>(m_state.cmos[StatusA] | (update_in_progress() ? update_in_progress_bit : 0));
    if (index != StatusC)
        return m_state.cmos[index];
    collect_flags();
    const auto flags = std::exchange(m_state.cmos[StatusC], uint8_t { 0 });
    update();
    return flags;
}

void Rtc::write_data(uint8_t value)
{
    const uint8_t index = m_state.index & 0x7F;
    const bool was_stopped = stopped();
    collect_flags();
    if (is_time(index)) {
        write_time(index, value);
    } else if (index == StatusA) {
        if (!was_stopped)
            time_to_registers(seconds_at(m_clock.now()));
        m_state.cmos[StatusA] = value & 0x7F;
        stop_or_start(was_stopped);
    } else if (index == StatusB) {
        write_status_b(value);
    } else if (index != StatusC && index != StatusD) {
        m_state.cmos[index] = value;
    }
    update();
}

// The registers keep the encoding in which they are, so the time is taken out with the old mode. Software that
// changes the mode sets the time after that.
void Rtc::write_status_b(uint8_t value)
{
    const bool was_stopped = stopped();
    if (!was_stopped)
        time_to_registers(seconds_at(m_clock.now()));
    // Setting the time switches the update interrupt off (MC146818, register B).
    m_state.cmos[StatusB] = static_cast<uint8_t>(value & set_time ? value & ~update_ended : value);
    stop_or_start(was_stopped);
}

void Rtc::write_time(uint8_t index, uint8_t value)
{
    if (stopped()) {
        m_state.cmos[index] = value;
        return;
    }
    time_to_registers(seconds_at(m_clock.now()));
    m_state.cmos[index] = value;
    const auto now = m_clock.now();
    const auto fraction = (now - m_state.epoch_time) % second;
    m_state.epoch = time_from_registers();
    m_state.epoch_time = now - fraction;
}

void Rtc::stop_or_start(bool was_stopped)
{
    if (!was_stopped || stopped())
        return;
    // The first second after the start is a whole one.
    m_state.epoch = time_from_registers();
    m_state.epoch_time = m_clock.now();
}

// The period of the periodic interrupt in crystal ticks; 0 = none. Rates 1 and 2 repeat 8 and 9.
uint64_t Rtc::period() const
{
    const auto rate = m_state.cmos[StatusA] & 0x0F;
    if (rate == 0 || (m_state.cmos[StatusA] & divider_bits) != divider_running)
        return 0;
    return uint64_t { 1 } << ((rate < 3 ? rate + 7 : rate) - 1);
}

Nanoseconds Rtc::next_period(Nanoseconds after) const
{
    const auto length = period();
    if (length == 0)
        return never;
    return crystal.time_of((crystal.ticks_at(after) / length + 1) * length);
}

Nanoseconds Rtc::next_second(Nanoseconds after) const
{
    if (stopped())
        return never;
    return after + second - (after - m_state.epoch_time) % second;
}

// The next second that matches the alarm registers, found by going through hours, minutes and seconds in turn.
Nanoseconds Rtc::next_alarm(Nanoseconds after) const
{
    const auto& cmos = m_state.cmos;
    const auto matches
        = [](uint8_t alarm_register, uint8_t now) { return is_wildcard(alarm_register) || alarm_register == now; };
    if (stopped())
        return never;
    const auto current = seconds_at(after);
    const auto midnight = current - ((current % day) + day) % day;
    auto candidate = current + 1;
    while (candidate <= current + day) {
        const auto of_day = static_cast<unsigned>((candidate - midnight) % day);
        if (!matches(cmos[HoursAlarm], encode_hour(of_day / 3600)))
            candidate += 3600 - of_day % 3600;
        else if (!matches(cmos[MinutesAlarm], encode(of_day / 60 % 60)))
            candidate += 60 - of_day % 60;
        else if (!matches(cmos[SecondsAlarm], encode(of_day % 60)))
            candidate += 1;
        else
            return m_state.epoch_time + static_cast<uint64_t>(candidate - m_state.epoch) * second;
    }
    return never;
}

// Sets the flags of everything that happened since the last time.
void Rtc::collect_flags()
{
    const auto now = m_clock.now();
    auto& flags = m_state.cmos[StatusC];
    if (next_period(m_state.seen_until) <= now)
        flags |= periodic;
    if (next_second(m_state.seen_until) <= now) {
        flags |= update_ended;
        if (next_alarm(m_state.seen_until) <= now)
            flags |= alarm;
    }
    m_state.seen_until = now;
    flags &= all_flags;
    if (flags & m_state.cmos[StatusB])
        flags |= interrupt_flag;
}

// Puts the interrupt on the line and waits for the next one that is enabled.
void Rtc::update()
{
    collect_flags();
    m_line.set(m_state.cmos[StatusC] & interrupt_flag);
    const auto enabled = m_state.cmos[StatusB];
    const auto now = m_state.seen_until;
    auto next = never;
    // A flag that is up stays up until status C is read: nothing to wait for.
    const auto waiting = static_cast<uint8_t>(enabled & ~m_state.cmos[StatusC]);
    if (waiting & periodic)
        next = std::min(next, next_period(now));
    if (waiting & update_ended)
        next = std::min(next, next_second(now));
    if (waiting & alarm)
        next = std::min(next, next_alarm(now));
    m_timers.arm(m_event, next);
}

std::vector<RegisterView> Rtc::registers() const
{
    std::vector<RegisterView> rows;
    constexpr std::pair<uint8_t, const char*> shown[]
        = { { StatusA, "status A" }, { StatusB, "status B" }, { StatusC, "status C" }, { StatusD, "status D" },
              { SecondsAlarm, "alarm second" }, { MinutesAlarm, "alarm minute" }, { HoursAlarm, "alarm hour" } };
    if (stopped())
        rows.push_back({ "time", 0, 64, "stopped while it is set" });
    else
        rows.push_back({ "time", static_cast<uint64_t>(seconds_at(m_clock.now())), 64, "seconds since 1970" });
    rows.push_back({ "index", m_state.index, 8, nmi_enabled() ? "NMI enabled" : "NMI disabled" });
    for (const auto& [index, name] : shown)
        rows.push_back({ name, m_state.cmos[index], 8, {} });
    return rows;
}

}
