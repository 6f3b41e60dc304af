#include "strategies/emulation/debug_registers.hpp"

#include "core/verify.hpp"
#include "core/x86/breakpoints.hpp"

#include <utility>

namespace ringside {

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

void DebugRegisters::arm()
{
    disarm();
    auto add = [this](int type, void* callback, uint32_t begin, uint32_t end) {
        uc_hook hook = 0;
        VERIFY(uc_hook_add(m_engine, &hook, type, callback, this, begin, end) == UC_ERR_OK);
        m_hooks.push_back(hook);
    };
    bool any = false;
    for (unsigned i = 0; i < Breakpoint::count; ++i) {
        auto breakpoint = breakpoint_of(m_registers, i);
        any = any || breakpoint;
        if (!breakpoint || breakpoint->kind == Breakpoint::Kind::Execute)
            continue;
        // The hook's range is where an access begins: one that begins up to 15 bytes before may reach the breakpoint.
        uint32_t begin = breakpoint->address < 15 ? 0 : breakpoint->address - 15;
        add(UC_HOOK_MEM_WRITE, reinterpret_cast<void*>(on_access), begin, breakpoint->address + breakpoint->length - 1);
        if (breakpoint->kind == Breakpoint::Kind::ReadWrite)
            add(UC_HOOK_MEM_READ, reinterpret_cast<void*>(on_access), begin, breakpoint->address + breakpoint->length - 1);
    }
    if (any) {
        add(UC_HOOK_CODE, reinterpret_cast<void*>(on_instruction), 1, 0);
        uc_ctl_flush_tb(m_engine);
    }
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
    uint32_t flags = 0;
    uc_reg_read(engine, UC_X86_REG_EFLAGS, &flags);
    uint32_t status = std::exchange(self.m_hit, 0)
        | instruction_breakpoints(self.m_registers, Gla { static_cast<uint32_t>(address) }, flags);
    if (status != 0)
        self.m_trap(status);
}

void DebugRegisters::on_access(uc_engine*, uc_mem_type type, uint64_t address, int size, int64_t, void* user)
{
    auto& self = *static_cast<DebugRegisters*>(user);
    self.m_hit |= data_breakpoints(self.m_registers, Gla { static_cast<uint32_t>(address) }, static_cast<uint32_t>(size),
        type == UC_MEM_WRITE ? Access::Write : Access::Read);
}

}
