// A hook before every block: the price is about a sixth of the guest's speed (docs/decisions/0006).
#pragma once

#include "core/machine/engine.hpp"
#include "core/result.hpp"
#include "strategies/emulation/stops.hpp"
#include "strategies/emulation/translated_code.hpp"
#include "strategies/emulation/unicorn_state.hpp"

#include <atomic>
#include <memory>
#include <optional>

namespace ringside {

class StopsByHook final : public Stops {
public:
    // `code`, if it could be learned from `unicorn`, is only read.
    static Result<std::unique_ptr<Stops>> create(uc_engine* unicorn, UnicornState& state, Engine& engine,
        BetweenBlocks& between_blocks, const std::optional<TranslatedCode>& code);

    uc_err run() override;
    void request(const void* interrupted = nullptr) override;
    void stop_at_instruction() override;
    void request_after_return() override { request(nullptr); }
    void note_opening(uint32_t, bool) override { } // every block is looked at while an interrupt waits
    bool report_returns(bool) override { return false; }
    bool timer_is_due() override;
    bool timer_has_passed() const override { return m_blocks >= m_deadline; }
    uint32_t next_block() const override { return m_block; }
    uint32_t running_block() const override;
    uint32_t running_instruction() const override { return running_block(); }
    uint32_t flags_form(uint32_t eip) const override { return m_code ? m_code->flags_form(m_stack, eip) : 0; }

private:
    StopsByHook(uc_engine* unicorn, UnicornState& state, Engine& engine, BetweenBlocks& between_blocks,
        const std::optional<TranslatedCode>& code);
    static void block_hook(uc_engine*, uint64_t address, uint32_t size, void* self);
    void on_limit();

    uc_engine* m_unicorn;
    UnicornState& m_state;
    Engine& m_engine;
    BetweenBlocks& m_between_blocks;
    std::optional<TranslatedCode> m_code;
    volatile uintptr_t m_stack = 0; // of translated code
    uint64_t& m_blocks;
    std::atomic<uint64_t> m_limit { 0 }; // block count at which to look closer
    uint64_t m_deadline = UINT64_MAX;    // that of the virtual clock's next timer
    uint32_t m_block = 0;
    bool m_stopped = false; // before m_block
};

}
