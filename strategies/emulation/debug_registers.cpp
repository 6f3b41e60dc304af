#include "strategies/emulation/debug_registers.hpp"

#include "core/verify.hpp"

#include <utility>

namespace ringside {

namespace {

// DR7 (SDM 3B figure 17-1): local and global enable bits 2n and 2n+1, kind at 16+4n, length at 18+4n.
constexpr uint32_t dr7_fixed_ones = 1 << 10;
constexpr uint32_t dr7_fixed_zeros = 1u << 12 | 1u << 14 | 1u << 15;
constexpr uint32_t dr6_fixed_ones = 0xFFFF0FF0;
constexpr uint32_t dr6_fixed_zeros = 1 << 12;
constexpr unsigned breakpoint_count = 4;

enum Kind : unsigned { Execute, Write, InputOutput, ReadWrite };

}

DebugRegisters::DebugRegisters(uc_engine* engine, std::function<void(uint32_t)> trap)
    : m_engine(engine)
    , m_trap(std::move(trap))
{
}

void DebugRegisters::load(const CpuState& state)
{
    bool unchanged = m_registers == state.dr;
    m_registers = state.dr;
    if (!unchanged)
        arm();
}

void DebugRegisters::write(unsigned number, uint32_t value)
{
    // DR4 and DR5 are aliases while CR4.DE is clear (SDM 3B §17.2.2).
    if (number == 4 || number == 5)
        number += 2;
    if (number == 6)
        value = (value | dr6_fixed_ones) & ~dr6_fixed_zeros;
    if (number == 7)
        value = (value | dr7_fixed_ones) & ~dr7_fixed_zeros;
    m_registers[number] = value;
    if (number != 6)
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
