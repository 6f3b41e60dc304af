// Bringing an emulated guest to a halt between two of its blocks, which is the only place where Unicorn can be stopped
// without harm but for hooks at single instructions (docs/decisions/0006, 0009).
//
//   StopsByHook          a hook before every block counts it and compares with a limit: what the virtual clock needs,
//                        and what works everywhere
//   StopsByBreakpoint    nothing while the guest runs; breakpoints on the ways out of the running block when it is to
//                        stop: what the host clock uses, where the host and Unicorn are as expected
//
// Both ask the emulator each time when the guest is between two blocks and there may be something to look for.
#pragma once

#include <cstdint>
#include <unicorn/unicorn.h>

namespace ringside {

enum class Go : uint8_t {
    On,
    Wait,       // on, and ask again when an instruction may have let interrupts in: STI, POPF, IRET
    WaitShadow, // on, and ask again when the instruction is done that the one before shields from interrupts
    Stop,       // run() returns; the guest is before the next block
};

class BetweenBlocks {
public:
    virtual ~BetweenBlocks() = default;
    virtual Go look() = 0;
    // False if look() would find nothing and say On. Cheap.
    virtual bool anything_to_look_for() const = 0;
    // An IRET is done, and the guest is before the next block; while they are reported.
    virtual void returned() { }
};

class Stops {
public:
    virtual ~Stops() = default;

    // Runs the guest from EIP until a hook stops it, look() says Stop, it halts, or Unicorn fails.
    virtual uc_err run() = 0;

    // look() is asked before the next block. From any thread, at any time, and from a signal handler that interrupted the
    // guest: then with the handler's third argument.
    virtual void request(const void* interrupted = nullptr) = 0;

    // From a hook, at an instruction boundary: the instruction that was reached does not run. EIP is right.
    virtual void stop_at_instruction() = 0;
    // The same as request() where the instruction that was reached is IRET, RETF or SYSEXIT, and cheaper.
    virtual void request_after_return() = 0;

    // From the hook of translation: the new block at linear address `block` may let interrupts in with its last
    // instruction, STI, POPF or IRET.
    virtual void note_opening(uint32_t block, bool is_return) = 0;
    // While the guest does not run. False: IRET cannot be reported, nor does running_instruction() know anything.
    virtual bool report_returns(bool wanted) = 0;

    // From look(). Under the virtual clock: its next timer is due. Sets when that is so next.
    virtual bool timer_is_due() = 0;
    // The same without setting anything.
    virtual bool timer_has_passed() const = 0;
    // From look(): the linear address of the next block.
    virtual uint32_t next_block() const = 0;
    // From a hook of an access to a port or to memory: the linear address of the block that makes it.
    virtual uint32_t running_block() const = 0;
    // From a hook of an access to a port: EIP at the instruction that makes it, where report_returns() has said true.
    virtual uint32_t running_instruction() const = 0;
    // From a hook at the instruction at EIP: in which form Unicorn keeps the arithmetic flags there
    // (UnicornState::set_flags_form()); 0: not known.
    virtual uint32_t flags_form(uint32_t eip) const = 0;
};

}
