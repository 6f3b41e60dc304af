// Registers and bits of the MC146818 that its parts share. Included by rtc*.cpp only.
#pragma once

#include <cstdint>

namespace ringside::rtc_registers {

// The registers at the beginning of the CMOS memory.
enum Register : uint8_t {
    Seconds,
    SecondsAlarm,
    Minutes,
    MinutesAlarm,
    Hours,
    HoursAlarm,
    DayOfWeek,
    DayOfMonth,
    Month,
    Year,
    StatusA,
    StatusB,
    StatusC,
    StatusD,
    Century = 0x32,
};

// Status A: 7 update in progress | 6..4 divider | 3..0 rate
inline constexpr uint8_t update_in_progress_bit = 0x80, divider_running = 0x20, divider_bits = 0x70;
// Status B
inline constexpr uint8_t set_time = 0x80, periodic = 0x40, alarm = 0x20, update_ended = 0x10, binary = 0x04,
                         hours_24 = 0x02;
// Status C has the flags where status B enables them, and their sum in bit 7.
inline constexpr uint8_t interrupt_flag = 0x80, all_flags = periodic | alarm | update_ended;
inline constexpr uint8_t memory_valid = 0x80; // status D
inline constexpr uint8_t afternoon = 0x80;    // of an hour in 12-hour mode

}
