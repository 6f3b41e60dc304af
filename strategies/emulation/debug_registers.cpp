#include "strategies/emulation/debug_registers.hpp"

#include "core/verify.hpp"

#include <utility>

namespace ringside {

namespace {

// DR7 (SDM 3B figure 17-1): local and global enable bits 2n and 2n+1, kind at 16+4n, length at 18+4n.
constexpr unsigned breakpoint_count = 4;

enum Kind : unsigned { Execute, Write, InputOutput, ReadWrite };

}

DebugRegisters::DebugRegisters(uc_engine* engine, std::function<void(uint32_t)> trap)
    : m_engine(engine)
    , m_trap(std::move(trap))
{
}

// DR6 tells what happened, and changes nothing.
void DebugRegisters::load(const CpuState& state)
{
    auto before = std::exchange(m_registers, state.dr);
    before[6] = state.dr[6];
    if (before != state.dr)
        arm();
}

std::optional<DebugRegisters::Breakpoint> DebugRegisters::enabled(unsigned number) const
{
    static constexpr uint32_t lengths[4] { 1, 2, 8, 4 };
    uint32_t control = m_registers[7];
    unsigned kind = (control >> (16 + 4 * number)) & 3;
    if (!(control & (3u << (2 * number))) || kind == InputOutput)
        return std::nullopt;
    uint32_t length = kind == Execute ? 1 : lengths[(control >> (18 + 4 * number)) & 3];
    return Breakpoint { m_registers[number] & ~(length - 1), length, kind };
}

void DebugRegisters::arm()
{
    disarm();
    auto add = [this](int type, void* callback, uint32_t begin, uint32_t end) {
        uc_hook hook = 0;
        VERIFY(uc_hook_add(m_engine, &hook, type, callback, this, begin, end) == UC_ERR_OK);
        m_hooks.push_back(hook);
    };
    for (unsigned i = 0; i < breakpoint_count; ++i) {
        auto breakpoint = enabled(i);
        if (!breakpoint || breakpoint->kind == Execute)
            continue;
        // The hook's range is where an access begins: one that begins up to 15 bytes before may reach the breakpoint.
        uint32_t begin = breakpoint->address < 15 ? 0 : breakpoint->address - 15;
        add(UC_HOOK_MEM_WRITE, reinterpret_cast<void*>(on_access), begin, breakpoint->address + breakpoint->length - 1);
        if (breakpoint->kind == ReadWrite)
            add(UC_HOOK_MEM_READ, reinterpret_cast<void*>(on_access), begin, breakpoint->address + breakpoint->length - 1);
    }
    bool any = false;
    for (unsigned i = 0; i < breakpoint_count; ++i)
        any = any || enabled(i);
    if (any)
        add(UC_HOOK_CODE, reinterpret_cast<void*>(on_instruction), 1, 0);
    if (any)
        uc_ctl_flush_tb(m_engine);
}

void DebugRegisters::disarm()
{
    if (m_hooks.empty())
        return;
    for (uc_hook hook : m_hooks)
        uc_hook_del(m_engine, hook);
    m_hooks.clear();
    m_hit = 0;
    uc_ctl_flush_tb(m_engine);
}

void DebugRegisters::on_instruction(uc_engine* engine, uint64_t address, uint32_t, void* user)
{
    auto& self = *static_cast<DebugRegisters*>(user);
    uint32_t status = std::exchange(self.m_hit, 0);
    uint32_t flags = 0;
    uc_reg_read(engine, UC_X86_REG_EFLAGS, &flags);
    for (unsigned i = 0; i < breakpoint_count && !(flags & eflags::rf); ++i) {
        auto breakpoint = self.enabled(i);
        if (breakpoint && breakpoint->kind == Execute && breakpoint->address == address)
            status |= 1u << i;
    }
    if (status != 0)
        self.m_trap(status);
}

void DebugRegisters::on_access(uc_engine*, uc_mem_type type, uint64_t address, int size, int64_t, void* user)
{
    auto& self = *static_cast<DebugRegisters*>(user);
    for (unsigned i = 0; i < breakpoint_count; ++i) {
        auto breakpoint = self.enabled(i);
        if (!breakpoint || breakpoint->kind == Execute || (breakpoint->kind == Write && type != UC_MEM_WRITE))
            continue;
        if (address < uint64_t { breakpoint->address } + breakpoint->length
            && breakpoint->address < address + static_cast<unsigned>(size))
            self.m_hit |= 1u << i;
    }
}

}
