// The clock's calendar: between seconds since 1970 and the time registers, in whatever encoding status B asks for.
#include "core/devices/rtc.hpp"
#include "core/devices/rtc_bits.hpp"

#include <algorithm>
#include <chrono>

namespace ringside {

using namespace rtc_registers;

uint8_t Rtc::encode(unsigned value) const
{
    if (m_state.cmos[StatusB] & binary)
        return static_cast<uint8_t>(value);
    return static_cast<uint8_t>(value / 10 << 4 | value % 10);
}

unsigned Rtc::decode(uint8_t value) const
{
    if (m_state.cmos[StatusB] & binary)
        return value;
    return (value >> 4) * 10u + (value & 0x0Fu);
}

uint8_t Rtc::encode_hour(unsigned hour) const
{
    if (m_state.cmos[StatusB] & hours_24)
        return encode(hour);
    const unsigned twelve = hour % 12 == 0 ? 12 : hour % 12;
    return static_cast<uint8_t>(encode(twelve) | (hour >= 12 ? afternoon : 0));
}

unsigned Rtc::decode_hour(uint8_t value) const
{
    if (m_state.cmos[StatusB] & hours_24)
        return decode(value);
    return decode(value & 0x7F) % 12 + (value & afternoon ? 12 : 0);
}

void Rtc::time_to_registers(int64_t seconds)
{
    using namespace std::chrono;
    const auto days = floor<std::chrono::days>(sys_seconds { std::chrono::seconds { seconds } });
    const year_month_day date { days };
    const auto of_day
        = static_cast<unsigned>(seconds - duration_cast<std::chrono::seconds>(days.time_since_epoch()).count());
    const auto full_year = static_cast<unsigned>(static_cast<int>(date.year()));
    auto& cmos = m_state.cmos;
    cmos[Seconds] = encode(of_day % 60);
    cmos[Minutes] = encode(of_day / 60 % 60);
    cmos[Hours] = encode_hour(of_day / 3600);
    cmos[DayOfWeek] = encode((weekday { days }.c_encoding() + m_state.weekday_shift) % 7 + 1);
    cmos[DayOfMonth] = encode(static_cast<unsigned>(date.day()));
    cmos[Month] = encode(static_cast<unsigned>(date.month()));
    cmos[Year] = encode(full_year % 100);
    cmos[Century] = encode(full_year / 100 % 100);
}

// Whatever nonsense the guest wrote becomes some time: days beyond the month run into the next one.
int64_t Rtc::time_from_registers()
{
    using namespace std::chrono;
    const auto& cmos = m_state.cmos;
    const auto full_year = static_cast<int>(decode(cmos[Century]) % 100 * 100 + decode(cmos[Year]) % 100);
    const auto month_number = std::clamp(decode(cmos[Month]), 1u, 12u);
    const sys_days first { year { full_year } / month { month_number } / 1 };
    const auto date = first + std::chrono::days { std::clamp(decode(cmos[DayOfMonth]), 1u, 31u) - 1 };
    m_state.weekday_shift = static_cast<uint8_t>((decode(cmos[DayOfWeek]) + 13 - weekday { date }.c_encoding()) % 7);
    const auto of_day
        = decode_hour(cmos[Hours]) % 24 * 3600 + decode(cmos[Minutes]) % 60 * 60 + decode(cmos[Seconds]) % 60;
    return duration_cast<std::chrono::seconds>(date.time_since_epoch()).count() + of_day;
}

}
