// The MC146818 real-time clock with its 128 bytes of CMOS memory (MC146818 data sheet, Motorola 1984).
//
//   region 0: 0x70 index (bit 7: NMI disable), 0x71 data
//
// The time of day is the start that was injected plus the guest's clock, so it is the same in every run with a virtual
// clock. Flags are found when somebody looks; a timer is armed only for interrupts that are enabled.
#pragma once

#include "core/devices/device.hpp"
#include "core/machine/clock.hpp"
#include "core/machine/timer_queue.hpp"

#include <array>

namespace ringside {

// The time of day at which the machine starts: seconds since 1970-01-01 00:00:00 UTC. The default is fixed, for
// reproducible runs: Saturday 2000-01-01 00:00:00.
struct RtcStart {
    int64_t seconds = 946'684'800;
};

struct RtcState {
    std::array<uint8_t, 128> cmos {};
    uint8_t index = 0; // with the NMI-disable bit
    int64_t epoch = 0; // the time of day, in seconds since 1970, at `epoch_time`
    Nanoseconds epoch_time = 0;
    uint8_t weekday_shift = 0;  // what the guest's day of the week is ahead of the calendar's
    Nanoseconds seen_until = 0; // flags up to here are in register C
};

class Rtc final : public Device {
public:
    Rtc(InterruptLine, const Clock&, TimerQueue&, RtcStart, uint64_t memory_bytes);

    std::string_view name() const override { return "rtc"; }
    uint32_t read(unsigned region, uint32_t offset, unsigned size) override;
    void write(unsigned region, uint32_t offset, unsigned size, uint32_t value) override;
    std::vector<RegisterView> registers() const override;

    bool nmi_enabled() const { return !(m_state.index & 0x80); }
    // What a BIOS leaves in the CMOS memory for an operating system: memory sizes, equipment, century, checksum.
    void write_firmware_bytes();

    const RtcState& state() const { return m_state; }

private:
    bool stopped() const;
    int64_t seconds_at(Nanoseconds) const;
    uint8_t read_data();
    void write_data(uint8_t value);
    void write_status_b(uint8_t value);
    void write_time(uint8_t index, uint8_t value);
    void stop_or_start(bool was_stopped);
    void time_to_registers(int64_t seconds);
    int64_t time_from_registers();
    uint8_t encode(unsigned value) const;
    unsigned decode(uint8_t value) const;
    uint8_t encode_hour(unsigned hour) const;
    unsigned decode_hour(uint8_t value) const;
    bool update_in_progress() const;

    uint64_t period() const;
    Nanoseconds next_period(Nanoseconds after) const;
    Nanoseconds next_second(Nanoseconds after) const;
    Nanoseconds next_alarm(Nanoseconds after) const;
    void collect_flags();
    void update();

    RtcState m_state;
    InterruptLine m_line;
    const Clock& m_clock;
    TimerQueue& m_timers;
    TimerId m_event;
    uint64_t m_memory_bytes;
};

}
