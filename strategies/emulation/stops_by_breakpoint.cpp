#include "strategies/emulation/stops_by_breakpoint.hpp"

#include "strategies/emulation/stop_signals.hpp"

#include <cstring>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace ringside {

namespace {

#if defined(__x86_64__)

using Registers = greg_t;

Registers* registers_of(void* context)
{
    return static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
}

uintptr_t instruction_of(const void* context)
{
    return static_cast<uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
}

// By the number in an instruction's encoding.
uintptr_t register_value(const Registers* registers, unsigned number)
{
    static constexpr int order[] { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8, REG_R9,
        REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };
    return static_cast<uintptr_t>(registers[order[number]]);
}

// Where `jmp rel32` or `jmp register` leads; 0 for other instructions.
uintptr_t jump_target(uintptr_t at, const Registers* registers)
{
    uint8_t code[5];
    std::memcpy(code, reinterpret_cast<const void*>(at), sizeof(code));
    if (code[0] == 0xE9) {
        int32_t distance = 0;
        std::memcpy(&distance, code + 1, sizeof(distance));
        return at + sizeof(code) + static_cast<uintptr_t>(static_cast<intptr_t>(distance));
    }
    bool extended = code[0] == 0x41;
    const uint8_t* opcode = code + (extended ? 1 : 0);
    if (opcode[0] == 0xFF && (opcode[1] & 0xF8) == 0xE0)
        return register_value(registers, (opcode[1] & 7u) + (extended ? 8 : 0));
    return 0;
}

#else

uintptr_t instruction_of(const void*)
{
    return 0;
}

#endif

}

StopsByBreakpoint::StopsByBreakpoint(
    uc_engine* unicorn, UnicornState& state, BetweenBlocks& between_blocks, const TranslatedCode& code)
    : m_unicorn(unicorn)
    , m_state(state)
    , m_between_blocks(between_blocks)
    , m_code(code)
    , m_detour(
          code.plain_return(), code.end(),
          [](void* self) { static_cast<StopsByBreakpoint*>(self)->m_between_blocks.returned(); }, this)
{
    m_code.set_detour(m_detour.address());
}

uc_err StopsByBreakpoint::run()
{
    for (;;) {
        if (m_requested.load())
            m_requested.store(false);
        Go go = m_between_blocks.anything_to_look_for() ? m_between_blocks.look() : Go::On;
        if (go == Go::Stop)
            return UC_ERR_OK;
        uc_err error = enter(go);
        if (error != UC_ERR_OK || m_stopped_by_hook || !m_stopped)
            return error;
    }
}

// A request that comes before m_running is set is seen below; one that comes later sets breakpoints.
uc_err StopsByBreakpoint::enter(Go go)
{
    m_stopped_by_hook = false;
    m_stopped = 0;
    m_next_block = {};
    m_thread.store(StopSignals::this_thread(), std::memory_order_relaxed);
    StopSignals::set_running(this);
    prepare(go);
    m_running.store(true);

    uc_err error = UC_ERR_OK;
    if (m_requested.load()) {
        m_stopped = 1;
    } else {
        error = m_code.run(m_unicorn, next_block(), m_stack);
    }

    m_running.store(false, std::memory_order_release);
    StopSignals::set_running(nullptr);
    m_stack = 0;
    m_breakpoints.remove_all();
    m_at_return.remove_all();
    if (m_stopped && !m_stopped_by_hook && m_next_block.code != 0)
        m_state.set_instruction_pointer(static_cast<uint32_t>(m_next_block.guest));
    return error;
}

// Not while requests may set breakpoints.
void StopsByBreakpoint::prepare(Go go)
{
    if (go == Go::Wait)
        m_openings.set();
    else
        m_openings.remove();
    if (go == Go::WaitShadow)
        m_at_return.set(m_code.plain_return());
}

void StopsByBreakpoint::request(const void* interrupted)
{
    m_requested.store(true);
    if (!m_running.load())
        return;
    if (StopSignals::running() == this)
        set_breakpoints(interrupted ? instruction_of(interrupted) : 0);
    else
        syscall(SYS_tgkill, getpid(), m_thread.load(std::memory_order_relaxed), StopSignals::request_signal());
}

// Breakpoints that are there already will do: nothing but them leads out of the block that ran when they were set. The
// return address that lies where the block's calls put theirs may be an old one, when Unicorn's loop is running. Then
// the breakpoints are on the ways out of a block that does not run, which does no harm, and the one in the prologue is
// reached.
void StopsByBreakpoint::set_breakpoints(uintptr_t instruction)
{
    if (m_setting || m_breakpoints.any())
        return;
    m_setting = 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    m_openings.remove(); // one of them may be in the block, which is going to be looked through
    m_breakpoints.set(m_code.entry());
    if (auto block = m_code.contains(instruction) ? m_code.block_at(instruction) : m_code.calling_block(m_stack))
        m_breakpoints.set_at_exits_of(*block);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    m_setting = 0;
}

// In the signal handler, at a jump out of a block or at the epilogue; all breakpoints have done their work. If the jump
// leads to another block, the epilogue is told that this one was not begun; otherwise the guest's next address is in the
// state already, and Unicorn's loop sees the request when the epilogue has returned.
bool StopsByBreakpoint::handle_trap([[maybe_unused]] void* context)
{
#if defined(__x86_64__)
    auto* registers = registers_of(context);
    uintptr_t at = instruction_of(context) - 1;
    if (!m_breakpoints.is_set(at) && !m_openings.is_set(at) && !m_at_return.is_set(at))
        return false;
    m_breakpoints.remove_all();
    m_openings.remove();
    m_at_return.remove_all();
    registers[REG_RIP] = static_cast<greg_t>(at);
    m_stopped = 1;
    uc_emu_stop(m_unicorn);
    if (auto next = m_code.block_starting_at(jump_target(at, registers))) {
        m_next_block = *next;
        registers[REG_RAX] = static_cast<greg_t>(m_code.not_begun(*next));
        registers[REG_RIP] = static_cast<greg_t>(m_code.epilogue());
    }
    return true;
#else
    return false;
#endif
}

void StopsByBreakpoint::stop_at_instruction()
{
    m_stopped_by_hook = true;
    uc_emu_stop(m_unicorn);
}

// These instructions are the last of their block, and return to Unicorn's loop, which sees that it is to stop. The block
// itself must not, before its last instruction has run.
void StopsByBreakpoint::request_after_return()
{
    m_stopped = 1;
    uc_emu_stop(m_unicorn);
    auto& flag = *reinterpret_cast<volatile int32_t*>(m_code.stop_flag());
    flag = 0;
}

// While an interrupt waits, the new block must have its breakpoint before it runs. Unicorn's loop, which has called the
// hook, sees the stop before it enters the block.
void StopsByBreakpoint::note_opening(uint32_t block, bool is_return)
{
    bool is_waiting = m_openings.any_set();
    m_openings.note(block, is_return);
    if (!is_waiting)
        return;
    m_stopped = 1;
    uc_emu_stop(m_unicorn);
}

bool StopsByBreakpoint::report_returns(bool wanted)
{
    if (m_detour.address() == 0)
        return false;
    m_openings.remove();
    m_openings.lead_returns(wanted ? m_detour.address() : m_code.plain_return());
    return true;
}

uint32_t StopsByBreakpoint::next_block() const
{
    uint32_t eip = 0;
    uc_reg_read(m_unicorn, UC_X86_REG_EIP, &eip);
    return eip;
}

// EIP is that of some block before, when Unicorn knew the blocks since by their links.
uint32_t StopsByBreakpoint::running_block() const
{
    auto block = m_code.calling_block(m_stack);
    return block ? static_cast<uint32_t>(block->guest) : next_block();
}

uint32_t StopsByBreakpoint::running_instruction() const
{
    auto instruction = m_code.calling_instruction(m_stack);
    return instruction ? instruction->eip : running_block();
}

}
