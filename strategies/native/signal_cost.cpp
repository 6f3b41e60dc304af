#include "strategies/native/signal_cost.hpp"

#include "core/verify.hpp"
#include "strategies/native/world_switch.hpp"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>
#include <vector>
#include <x86intrin.h>

namespace ringside {

namespace {

constexpr std::size_t traps = 40;
constexpr uint8_t hlt = 0xF4;
constexpr uint32_t code_at = 0x100000;

// Skips one instruction a trap, and leaves at the last.
class Stopwatch final : public GuestSignals {
public:
    uint64_t median()
    {
        std::vector<uint64_t> costs;
        for (std::size_t i = 1; i < m_entered.size(); ++i)
            costs.push_back(m_entered[i] - m_entered[i - 1]);
        std::nth_element(costs.begin(), costs.begin() + static_cast<std::ptrdiff_t>(costs.size() / 2), costs.end());
        return costs[costs.size() / 2];
    }

private:
    Verdict on_guest_signal(int, const siginfo_t&, ucontext_t& context) override
    {
        m_entered.push_back(__rdtsc());
        ringside_world.eip = static_cast<uint32_t>(context.uc_mcontext.gregs[REG_RIP]) + 1;
        return m_entered.size() < traps ? Verdict::Resume : Verdict::Leave;
    }

    std::vector<uint64_t> m_entered;
};

void map_code()
{
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    void* code = mmap(reinterpret_cast<void*>(uint64_t { code_at }), page_size, PROT_READ | PROT_WRITE, flags, -1, 0);
    VERIFY(code != MAP_FAILED);
    std::memset(code, hlt, page_size);
    VERIFY(mprotect(code, page_size, PROT_READ | PROT_EXEC) == 0);
}

}

uint64_t measure_signal_cost(Window& window, Ldt& ldt)
{
    constexpr uint64_t everything = Window::end;
    Stopwatch stopwatch;
    map_code();
    auto& world = ringside_world;
    world.eip = code_at;
    world.eflags = 0x202;
    world.cs = ldt.selector_for({ 0x08, 0xC09B, 0, 0xFFFFFFFF }, everything);
    world.ss = world.ds = world.es = ldt.selector_for({ 0x10, 0xC093, 0, 0xFFFFFFFF }, everything);
    world.fs = world.gs = 0;
    world.kicked = 0;
    SignalHandlers::install(stopwatch);
    ringside_enter_guest();
    SignalHandlers::remove();
    window.unmap(code_at, page_size);
    return stopwatch.median();
}

}
