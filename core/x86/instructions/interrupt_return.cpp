// IRET (SDM 2A "IRET/IRETD"): within the ring, to an outer ring, to virtual-8086 mode, from virtual-8086 or real-address
// mode, and back to the task that was interrupted.
#include "core/x86/instructions/far_return.hpp"
#include "core/x86/instructions/handlers.hpp"
#include "core/x86/instructions/task_transfer.hpp"

#include <array>

namespace ringside {

namespace {

// The flags that IRET always loads; RF, AC and ID only with a 32-bit operand.
constexpr uint32_t always_loaded = arithmetic::status_flags | eflags::tf | eflags::df | eflags::nt | eflags::rf
    | eflags::ac | eflags::id;

struct Frame {
    uint32_t eip = 0;
    uint16_t cs = 0;
    uint32_t eflags = 0;
};

MaybeFault read_frame(Execution& e, Frame& frame)
{
    unsigned bytes = e.operand_bytes();
    uint32_t cs = 0;
    if (auto fault = e.peek(0, bytes, frame.eip))
        return fault;
    if (auto fault = e.peek(bytes, bytes, cs))
        return fault;
    frame.cs = static_cast<uint16_t>(cs);
    return e.peek(2 * bytes, bytes, frame.eflags);
}

void load_flags(Execution& e, uint32_t image, uint32_t mask)
{
    if (e.operand_bytes() == 2)
        mask &= 0xFFFF;
    e.keeps_rf = (mask & eflags::rf) != 0;
    e.state.eflags = (e.state.eflags & ~mask) | (image & mask);
    e.affects(effect::interrupts);
}

// By the ring that executes IRET, not the one that it returns to.
uint32_t loadable_flags(const CpuState& state)
{
    uint32_t mask = always_loaded;
    if (state.cpl() <= state.iopl())
        mask |= eflags::if_;
    if (state.cpl() == 0)
        mask |= eflags::iopl | eflags::vif | eflags::vip;
    return mask;
}

MaybeFault return_in_protected_mode(Execution& e, const Frame& frame)
{
    uint32_t mask = loadable_flags(e.state);
    if (auto fault = return_far(e, { frame.eip, frame.cs, 3 * e.operand_bytes(), 0 }))
        return fault;
    load_flags(e, frame.eflags, mask);
    return {};
}

// SDM 3B §20.2.5: the frame goes on with ESP, SS, ES, DS, FS, GS.
MaybeFault return_to_virtual_8086(Execution& e, const Frame& frame)
{
    constexpr uint32_t last_ip = 0xFFFF;
    constexpr uint32_t loaded = always_loaded | eflags::if_ | eflags::iopl | eflags::vm | eflags::vif | eflags::vip;
    std::array<uint32_t, 6> rest {};
    for (uint32_t i = 0; i < rest.size(); ++i) {
        if (auto fault = e.peek(12 + 4 * i, 4, rest[i]))
            return fault;
    }
    if (frame.eip > last_ip)
        return fault_with_code(GP, 0);
    constexpr std::array order { Ss, Es, Ds, Fs, Gs };
    for (std::size_t i = 0; i < order.size(); ++i)
        e.state.segment(order[i]) = virtual_8086_segment(static_cast<uint16_t>(rest[i + 1]));
    e.state.segment(Cs) = virtual_8086_segment(frame.cs);
    e.state.gpr[Esp] = rest[0];
    e.next_eip = frame.eip;
    load_flags(e, frame.eflags, loaded);
    e.affects(effect::segments);
    return {};
}

// From real-address mode, or within virtual-8086 mode, which needs IOPL 3 and keeps it.
MaybeFault return_without_descriptors(Execution& e, const Frame& frame)
{
    uint32_t mask = always_loaded | eflags::if_ | (e.state.virtual_8086() ? 0 : eflags::iopl);
    if (auto fault = load_real_mode_code(e, frame.cs, frame.eip))
        return fault;
    e.release_stack(3 * e.operand_bytes());
    load_flags(e, frame.eflags, mask);
    return {};
}

// NT: the handler was a task; its TSS links to the task that it interrupted (SDM 3A §7.4).
MaybeFault return_to_task(Execution& e)
{
    uint16_t link = 0;
    if (auto fault = e.linear().read(Gla { e.state.tr.base }, link, Privilege::Supervisor))
        return fault;
    return transfer_to_task(e, TaskSwitchCause::InterruptReturn, Selector { link });
}

MaybeFault interrupt_return(Execution& e)
{
    bool descriptors = e.state.protected_mode() && !e.state.virtual_8086();
    if (e.state.virtual_8086() && e.state.iopl() < 3)
        return fault_with_code(GP, 0);
    if (descriptors && (e.state.eflags & eflags::nt))
        return return_to_task(e);
    Frame frame;
    if (auto fault = read_frame(e, frame))
        return fault;
    if (!descriptors)
        return return_without_descriptors(e, frame);
    if (e.operand_bytes() == 4 && (frame.eflags & eflags::vm) && e.state.cpl() == 0)
        return return_to_virtual_8086(e, frame);
    return return_in_protected_mode(e, frame);
}

}

MaybeFault execute_iret(Execution& e)
{
    if (auto fault = interrupt_return(e))
        return fault;
    e.state.nmi_blocked = false; // SDM 3A §6.7.1
    e.exits_as(EventKind::InterruptReturn, e.next_eip, e.state.segment(Cs).selector);
    return {};
}

}
