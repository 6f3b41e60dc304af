// The strategies of one run, and the change from one to the next (docs/decisions/0011).
#include "core/machine/machine.hpp"

#include "core/trace/strategy_names.hpp"
#include "core/verify.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace ringside {

std::vector<const StrategyEntry*> Machine::strategies_of(const MachineConfiguration& configuration)
{
    std::vector<const StrategyEntry*> entries { configuration.strategy };
    entries.insert(entries.end(), configuration.other_strategies.begin(), configuration.other_strategies.end());
    for (const auto& planned : configuration.switches)
        entries.push_back(planned.to);
    return entries;
}

Result<void> Machine::create_strategies()
{
    auto entries = strategies_of(m_configuration);
    if (auto created = m_strategies.create(entries, *m_engine); !created)
        return created;
    bool reads_host = std::ranges::any_of(entries, [](const auto* entry) { return entry->info().host_time_stamp; });
    if (reads_host)
        m_engine->share_host_time_stamp();
    strategy().load(multiboot_entry_state(m_kernel.entry, m_kernel.information_address));
    m_switch_timer = m_timers.add([this] {
        VERIFY(m_strategies.request(*m_configuration.switches[m_next_switch++].to));
        arm_next_switch();
    });
    return {};
}

// The guest's clock has run since before the strategies were created, which takes longer than many a guest runs.
void Machine::begin_switches()
{
    m_run_began = m_engine->clock().now();
    arm_next_switch();
}

void Machine::arm_next_switch()
{
    if (m_next_switch < m_configuration.switches.size())
        m_timers.arm(m_switch_timer, m_run_began + m_configuration.switches[m_next_switch].at);
}

Result<void> Machine::switch_to(const StrategyEntry& strategy)
{
    if (!m_strategies.request(strategy))
        return fail(ExitCode::Usage, fmt::format("this run was not set up for the strategy '{}'", strategy.info().name));
    wake();
    return {};
}

// Called where the guest is between two instructions and nothing is half done: interrupts that wait are the controllers',
// timers the queue's, and what the CPU remembers is in CpuState. Work that came up meanwhile is done here, because its kick
// may have gone to the strategy that has left.
void Machine::change_strategy()
{
    while (!m_ended && m_strategies.requested()) {
        auto begin = std::chrono::steady_clock::now();
        auto change = m_strategies.change();
        if (!change)
            return;
        auto took = std::chrono::steady_clock::now() - begin;
        const auto& now = strategy_info();
        const CpuState& state = change->state;
        g_verify_context.strategy = now.name.data();
        m_recorder.event({ .kind = EventKind::StrategySwitch,
            .virtual_ring = static_cast<uint8_t>(state.cpl()),
            .real_ring = state.cpl() == 3 ? now.user_ring : now.kernel_ring,
            .eip = state.eip,
            .a = strategy_number(change->from.info().name),
            .b = strategy_number(now.name),
            .c = static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()) });
        if (m_configuration.strategy_changed)
            m_configuration.strategy_changed(m_strategies.entry());
        service();
    }
}

}
