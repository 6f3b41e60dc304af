// Pieces that branch, call and loop, and those that change the code that comes next.
#include "tests/differential/program_maker.hpp"

namespace ringside::test {

void ProgramMaker::branch()
{
    unsigned reg = below(8) & 3;
    switch (below(13)) {
    case 0: // jcc
    case 1:
        one({ 0x0F, 0x80 | below(16) });
        return later(true);
    case 2: // over a filler
        one({ 0x70 | below(16), 2 });
        return one({ 0x89, 0xC0 | reg << 3 | below(4) });
    case 3:
        one({ 0xE9 });
        return later(true);
    case 4: // jmp *reg
        one({ 0xB8 | reg });
        later(false);
        return one({ 0xFF, 0xE0 | reg });
    case 5:
        return jump_through_memory();
    case 6: // push; ret
        one({ 0x68 });
        later(false);
        return one_in(2) ? one({ 0xC3 }) : one({ 0xC2, 4 * below(4), 0 });
    case 7: // and come back
    case 8:
        return call();
    case 9:
        jump_on_count();
        return one({ 0x40 | reg });
    case 10:
        return interrupt_return();
    case 11:
        return jump_far();
    case 12: // cut to 16 bits: leads nowhere
        if (!one_in(4))
            return filler();
        return one({ 0x66, 0x70 | below(16), 0 });
    }
}

void ProgramMaker::jump_through_memory()
{
    uint32_t at = one_in(8) ? 0x6100 : data(); // the former is absent
    one({ 0xC7, 0x05 }, at);
    later(false);
    one({ 0xFF, 0x25 }, at);
}

// jecxz, jcxz over one byte
void ProgramMaker::jump_on_count()
{
    if (one_in(2))
        load(Ecx, one_in(2) ? 0 : 0x10000);
    if (one_in(2))
        one({ 0x67, 0xE3, 1 });
    else
        one({ 0xE3, 1 });
}

// From a stack that is there: Unicorn reads it as the kernel.
void ProgramMaker::interrupt_return()
{
    load(Esp, stack());
    one({ 0x9C });
    if (ring_0()) {
        one({ 0x6A, 0x08 });
    } else {
        one({ 0x89, 0xE0 }); // mov %esp, %eax
        one({ 0x6A, 0x23 }); // SS, ESP, EFLAGS, CS: not popped when the ring stays
        one({ 0x50 });
        one({ 0x9C });
        one({ 0x6A, 0x1B });
    }
    one({ 0x68 });
    later(false);
    one({ 0xCF });
}

// ljmp; or push cs, lret
void ProgramMaker::jump_far()
{
    if (one_in(2)) {
        one({ 0xEA });
        later(false);
        return put({ ring_0() ? 0x08u : 0x1Bu, 0 });
    }
    load(Esp, stack());
    one({ 0x0E });
    one({ 0x68 });
    later(false);
    one({ 0xCB });
}

// The function lies behind its call.
void ProgramMaker::call()
{
    unsigned released = one_in(3) ? 4 * below(3) : 0;
    for (unsigned i = 0; i < released / 4; ++i)
        one({ 0x50 | below(4) });
    unsigned kind = below(3), reg = below(4);
    std::size_t target = call_of_kind(kind, reg);
    filler();
    one({ 0xEB });
    std::size_t over = size();
    put({ 0 });
    lead_here(target, kind == 0);
    function(released);
    m_program.bytes[over] = static_cast<uint8_t>(size() - over - 1);
}

// Directly, through a register, through memory. Where the 32 bits are that must lead to the function.
std::size_t ProgramMaker::call_of_kind(unsigned kind, unsigned reg)
{
    constexpr uint32_t pointer = 0x3400;
    if (kind == 0)
        one({ 0xE8 });
    else if (kind == 1)
        one({ 0xB8 | reg });
    else
        one({ 0xC7, 0x05 }, pointer);
    std::size_t target = size();
    put_32(0);
    if (kind == 1)
        one({ 0xFF, 0xD0 | reg });
    if (kind == 2)
        one({ 0xFF, 0x15 }, pointer);
    return target;
}

void ProgramMaker::function(unsigned released)
{
    for (unsigned i = below(3); i > 0; --i)
        filler();
    if (one_in(3)) {
        one({ 0x9C });
        one({ 0x9D });
    }
    if (released)
        one({ 0xC2, released, 0 });
    else if (one_in(8))
        one({ 0xF3, 0xC3 });
    else
        one({ 0xC3 });
}

void ProgramMaker::loop()
{
    load(Ecx, 1 + below(12));
    uint32_t again = here();
    for (unsigned i = 1 + below(3); i > 0; --i)
        part_of_loop();
    if (one_in(3)) {
        one({ 0x49 }); // dec %ecx; jnz
        branch_back(0x75, again);
    } else {
        branch_back(0xE2, again); // not LOOPE and LOOPNE: behind them Unicorn has other flags
    }
}

// ECX is the loop's.
void ProgramMaker::part_of_loop()
{
    unsigned reg = below(3); // EAX, EDX, EBX
    reg += reg > 0;
    switch (below(5)) {
    case 0: one({ 0x01, 0xC0 | reg }); break;
    case 1: one({ 0x31, 0x05 | reg << 3 }, data()); break;
    case 2: one({ 0x00, 0x05 | reg << 3 }, m_hole + 4 * below(3)); break; // data among the code
    case 3: one({ 0x6B, 0xC0 | reg << 3 | reg, below(256) }), define_flags(); break;
    case 4: one({ 0x9C }), one({ 0x9D }); break;
    }
}

// Writes the immediate of an instruction further on, right behind or with others between, or one that has run.
void ProgramMaker::change_code()
{
    unsigned reg = below(4);
    if (one_in(3))
        return change_code_of_loop();
    one({ 0xC7, 0x05 });
    std::size_t at = size();
    put_32(0);
    put_32(interesting());
    for (unsigned i = below(4); i > 0; --i)
        filler();
    if (one_in(2))
        one({ 0xEB, 0 });
    set_32(at, here() + 1);
    load(reg, interesting());
}

// Each time around.
void ProgramMaker::change_code_of_loop()
{
    load(Ecx, 2 + below(12));
    uint32_t again = here();
    uint32_t body = again + 7;
    one({ 0x80, 0x05 }, body + 1); // addb $1, body + 1
    put({ 1 });
    one({ 0x05 }, interesting()); // body: add $imm, %eax
    branch_back(0xE2, again);
}

}
