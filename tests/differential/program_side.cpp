#include "tests/differential/program_side.hpp"

#include "tests/catch.hpp"

#include <chrono>
#include <cstring>

namespace ringside::test {

ProgramSide::ProgramSide(const Create& create)
    : m_memory(std::move(*GuestMemory::create(program_layout::memory_bytes)))
    , m_trace(std::move(*TraceMemory::create(64, TickSource::TimeStampCounter, Overflow::Drop)))
    , m_recorder(m_trace.block())
    , m_timers([](Nanoseconds) { })
{
    auto platform = Platform::create(m_memory, m_clock, m_timers, {});
    REQUIRE(platform);
    m_platform = std::move(*platform);
    m_engine = std::make_unique<Engine>(m_memory, *m_platform, m_clock, nullptr, m_timers, m_recorder);
    auto strategy = create(*m_engine);
    REQUIRE(strategy);
    m_strategy = std::move(*strategy);
    place_program_world(m_memory);
    auto low = m_memory.bytes(Gpa { 0 }, program_layout::compared_low);
    m_fresh.assign(low.begin(), low.end());
}

void ProgramSide::restore()
{
    auto low = m_memory.bytes(Gpa { 0 }, program_layout::compared_low);
    std::memcpy(low.data(), m_fresh.data(), m_fresh.size());
}

ProgramOutcome ProgramSide::run(const Program& program)
{
    restore();
    place(m_memory, program);
    m_strategy->load(program.state);
    auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds { 2 };
    Exit exit;
    do
        exit = m_strategy->run();
    while (exit.reason == Exit::Reason::Kicked && std::chrono::steady_clock::now() < give_up);
    return { exit.reason, exit.detail, m_strategy->save(), logged_events(m_memory) };
}

}
