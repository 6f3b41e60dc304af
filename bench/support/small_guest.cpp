#include "bench/support/small_guest.hpp"

#include <chrono>
#include <cstring>

namespace ringside {

namespace {

constexpr uint32_t code_at = 0x100000, stack_at = 0x300000;

CpuState entry_state(uint32_t count)
{
    CpuState state = multiboot_entry_state(code_at, 0);
    state.gpr[Ecx] = count;
    state.gpr[Esp] = stack_at;
    return state;
}

}

std::vector<uint8_t> counted_loop(std::vector<uint8_t> code)
{
    code.insert(code.end(), { 0x49, 0x0F, 0x85 }); // dec %ecx; jnz
    auto back = -static_cast<int32_t>(code.size() + 4);
    for (int shift = 0; shift < 32; shift += 8)
        code.push_back(static_cast<uint8_t>(static_cast<uint32_t>(back) >> shift));
    code.push_back(0xF4); // hlt
    return code;
}

SmallGuest::SmallGuest(GuestMemory memory, TraceMemory trace)
    : m_memory(std::move(memory))
    , m_trace(std::move(trace))
    , m_recorder(m_trace.block())
    , m_timers([](Nanoseconds) { })
{
}

Result<std::unique_ptr<SmallGuest>> SmallGuest::create(const StrategyEntry& entry, std::span<const uint8_t> code)
{
    auto memory = GuestMemory::create(8 * mebibyte);
    if (!memory)
        return memory.propagate();
    auto trace = TraceMemory::create(1024, TickSource::TimeStampCounter, Overflow::Drop);
    if (!trace)
        return trace.propagate();
    std::unique_ptr<SmallGuest> guest(new SmallGuest(std::move(*memory), std::move(*trace)));
    auto platform = Platform::create(guest->m_memory, guest->m_clock, guest->m_timers, {});
    if (!platform)
        return platform.propagate();
    guest->m_platform = std::move(*platform);
    guest->m_engine = std::make_unique<Engine>(
        guest->m_memory, *guest->m_platform, guest->m_clock, nullptr, guest->m_timers, guest->m_recorder);
    std::memcpy(guest->m_memory.bytes(Gpa { code_at }, code.size()).data(), code.data(), code.size());
    auto strategy = entry.create(*guest->m_engine);
    if (!strategy)
        return strategy.propagate();
    guest->m_strategy = std::move(*strategy);
    return guest;
}

std::optional<double> SmallGuest::run(uint32_t count)
{
    m_strategy->load(entry_state(count));
    auto start = std::chrono::steady_clock::now();
    Exit exit;
    do
        exit = m_strategy->run();
    while (exit.reason == Exit::Reason::Kicked);
    auto end = std::chrono::steady_clock::now();
    if (exit.reason != Exit::Reason::HaltedForGood)
        return std::nullopt;
    return std::chrono::duration<double>(end - start).count();
}

}
