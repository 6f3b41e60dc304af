#include "strategies/emulation/stops_by_hook.hpp"

namespace ringside {

StopsByHook::StopsByHook(uc_engine* unicorn, UnicornState& state, Engine& engine, BetweenBlocks& between_blocks,
    const std::optional<TranslatedCode>& code)
    : m_unicorn(unicorn)
    , m_state(state)
    , m_engine(engine)
    , m_between_blocks(between_blocks)
    , m_code(code)
    , m_blocks(engine.blocks())
{
}

Result<std::unique_ptr<Stops>> StopsByHook::create(uc_engine* unicorn, UnicornState& state, Engine& engine,
    BetweenBlocks& between_blocks, const std::optional<TranslatedCode>& code)
{
    std::unique_ptr<StopsByHook> stops(new StopsByHook(unicorn, state, engine, between_blocks, code));
    uc_hook hook = 0;
    if (uc_hook_add(unicorn, &hook, UC_HOOK_BLOCK, reinterpret_cast<void*>(block_hook), stops.get(), 1, 0) != UC_ERR_OK)
        return fail(ExitCode::Unavailable, "Unicorn refuses a hook of blocks");
    return std::unique_ptr<Stops>(std::move(stops));
}

// The limit first, the reasons to look sooner afterwards: a request() between the two is not lost.
uc_err StopsByHook::run()
{
    timer_is_due();
    if (m_between_blocks.anything_to_look_for())
        m_limit.store(0);
    m_stopped = false;
    uint32_t eip = 0;
    uc_reg_read(m_unicorn, UC_X86_REG_EIP, &eip);
    uc_err error = m_code ? m_code->run(m_unicorn, eip, m_stack) : uc_emu_start(m_unicorn, eip, 0, 0, 0);
    if (m_stopped)
        m_state.set_instruction_pointer(m_block);
    return error;
}

void StopsByHook::request(const void*)
{
    m_limit.store(0);
}

void StopsByHook::stop_at_instruction()
{
    uc_emu_stop(m_unicorn);
}

bool StopsByHook::timer_is_due()
{
    m_deadline = m_engine.block_limit();
    m_limit.store(m_deadline);
    return timer_has_passed();
}

// The hook has put EIP there.
uint32_t StopsByHook::running_block() const
{
    uint32_t eip = 0;
    uc_reg_read(m_unicorn, UC_X86_REG_EIP, &eip);
    return eip;
}

void StopsByHook::block_hook(uc_engine*, uint64_t address, uint32_t, void* user)
{
    auto& self = *static_cast<StopsByHook*>(user);
    if (++self.m_blocks >= self.m_limit.load(std::memory_order_relaxed)) [[unlikely]] {
        self.m_block = static_cast<uint32_t>(address);
        self.on_limit();
    }
}

void StopsByHook::on_limit()
{
    switch (m_between_blocks.look()) {
    case Go::On:
        return;
    case Go::Wait:
    case Go::WaitShadow:
        m_limit.store(0);
        return;
    case Go::Stop:
        --m_blocks; // it was counted, and is not going to run now
        m_stopped = true;
        uc_emu_stop(m_unicorn);
    }
}

}
