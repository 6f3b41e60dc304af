#include "tests/differential/program_tally.hpp"

#include <cstdlib>
#include <fmt/format.h>

namespace ringside::test {

void Tally::add(const Program& program, const ProgramOutcome& emulated, const std::string& differences, const char* why)
{
    constexpr uint64_t most_told = 12;
    m_events += emulated.events.size();
    m_triple_faults += emulated.reason == Exit::Reason::TripleFault;
    if (differences.empty())
        return;
    if (why)
        ++m_explained[why];
    else if (++m_different <= most_told)
        fmt::print("program {} (ring {}):\n{}{}", program.seed, program.ring, differences,
            std::getenv("RINGSIDE_LISTING") ? disassembly(program) : "");
}

uint64_t Tally::explained() const
{
    uint64_t all = 0;
    for (const auto& [why, times] : m_explained)
        all += times;
    return all;
}

void Tally::print() const
{
    fmt::print("{} events, {} triple faults: {} differ\n", m_events, m_triple_faults, m_different);
    for (const auto& [why, times] : m_explained)
        fmt::print("  explained {} times: {}\n", times, why);
}

}
