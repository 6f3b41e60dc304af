#include "bench/support/measurement.hpp"

#include <algorithm>
#include <cmath>

namespace ringside {

namespace {

double seconds_of(clockid_t clock)
{
    timespec time {};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}

Moment now_of_process(pid_t process)
{
    clockid_t clock {};
    bool is_known = clock_getcpuclockid(process, &clock) == 0;
    return { seconds_of(CLOCK_MONOTONIC), is_known ? seconds_of(clock) : 0 };
}

double median(std::vector<double> values)
{
    if (values.empty())
        return 0;
    auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

Moment median(const std::vector<Moment>& samples)
{
    std::vector<double> wall, cpu;
    for (const auto& sample : samples) {
        wall.push_back(sample.wall);
        cpu.push_back(sample.cpu);
    }
    return { median(std::move(wall)), median(std::move(cpu)) };
}

double geometric_mean(std::span<const double> values)
{
    double sum = 0;
    for (double value : values)
        sum += std::log(value);
    return values.empty() ? 0 : std::exp(sum / static_cast<double>(values.size()));
}

void TimedLines::take(std::string_view text, const Moment& moment)
{
    m_rest += text;
    for (auto end = m_rest.find('\n'); end != std::string::npos; end = m_rest.find('\n')) {
        m_lines.push_back({ m_rest.substr(0, end), moment });
        m_rest.erase(0, end + 1);
    }
}

std::optional<Moment> TimedLines::between(std::string_view from, std::string_view to) const
{
    auto begins_with = [](std::string_view prefix) {
        return [prefix](const Line& line) { return line.text.starts_with(prefix); };
    };
    auto begin = std::find_if(m_lines.begin(), m_lines.end(), begins_with(from));
    auto end = begin == m_lines.end() ? begin : std::find_if(begin + 1, m_lines.end(), begins_with(to));
    if (end == m_lines.end())
        return std::nullopt;
    return end->moment - begin->moment;
}

bool TimedLines::any(std::string_view prefix) const
{
    return std::any_of(m_lines.begin(), m_lines.end(), [&](const Line& line) { return line.text.starts_with(prefix); });
}

}
