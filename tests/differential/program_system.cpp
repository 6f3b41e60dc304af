// Pieces that fault, and those that ask about the system or change it.
#include "tests/differential/program_maker.hpp"

namespace ringside::test {

void ProgramMaker::fault()
{
    switch (below(12)) {
    case 0: return one({ 0x0F, 0x0B });
    case 1: return one({ 0xCC });
    case 2: return one({ 0xCD, 0x30 + below(16) });
    case 3: return one({ 0xCE });
    case 4: // div by nothing
        load(Ecx, 0);
        one({ 0xF7, 0xF1 });
        return define_flags();
    case 5: return one({ 0xA1 }, 0x6000 + below(0x1000));       // absent
    case 6: return one({ 0xA3 }, 0x2000 + below(0x1000));       // read-only
    case 7: return one({ 0xFF, 0x35 }, 0x4000 + below(0x1000)); // push of the kernel's page
    case 8: return one({ 0x8F, 0x05 }, 0x5FFE);                 // pop across two pages
    case 9: return one({ 0x62, 0x05 }, data());                 // bound
    case 10: return ring_0() ? one({ 0xCD, 0x80 }) : use_absent_stack();
    case 11: return one({ 0xFF, 0x25 }, 0x6008);                // jmp through an absent page
    }
}

void ProgramMaker::use_absent_stack()
{
    load(Esp, 0x6804);
    one({ 0x50 | below(8) });
    one({ 0xE8 }), put_32(0);
    one({ 0x9C });
    one({ 0xC3 });
    load(Esp, stack());
}

void ProgramMaker::system()
{
    unsigned reg = below(4);
    switch (below(24)) {
    case 0: return one({ 0xFA });
    case 1: return one({ 0xFB });
    case 2: one({ 0xFB }); return one({ 0xFA });
    case 3: case 4: return change_flags();
    case 5: one({ 0x9C }); return one({ 0x58 | reg });
    case 6: return one({ 0x0F, 0x20, 0xC0 | reg });           // mov %cr0
    case 7: return one({ 0x0F, 0x20, 0xE0 | reg });           // mov %cr4
    case 8: return one({ 0x0F, 0x20, 0xD8 | reg });           // mov %cr3
    case 9: return one({ 0x8C, 0xC0 | below(6) << 3 | reg }); // mov sreg, reg
    case 10: return one({ 0x66, 0x8C, 0xC0 | below(6) << 3 | reg });
    case 11: return store_segment();
    case 12: return push_segment(reg);
    case 13: return push_and_pop_segment();
    case 14: return store_table();
    case 15: return one({ 0x66, 0x0F, 0x01, 0xE0 | reg }); // smsw
    case 16:                                               // lar, lsl
        load(Ecx, selector());
        return one({ 0x0F, 0x02 + below(2), 0xC1 | below(3) << 3 });
    case 17: // verr, verw
        load(Ecx, selector());
        return one({ 0x0F, 0x00, 0xE1 | below(2) << 3 });
    case 18: return use_flat_segment();
    case 19: return use_segment_with_base();
    case 20: return use_null_segment(reg);
    case 21: // mov to ds
        load(Eax, one_in(2) ? 0x23 : 0x10);
        one({ 0x8E, 0xD8 });
        return one({ 0x89, 0x1D }, data());
    case 22: // clts
        return one_in(2) ? one({ 0x0F, 0x06 }) : set_task_switched();
    case 23:
        change_flags();
        one({ 0x9C });
        return one({ 0x58 | reg });
    }
}

void ProgramMaker::change_flags()
{
    one({ 0x68 }, flags_image()); // push
    one({ 0x9D });
}

uint32_t ProgramMaker::flags_image()
{
    uint32_t chosen = random() & ~(eflags::tf | eflags::vm | eflags::vif | eflags::vip | eflags::rf | eflags::ac);
    return one_in(2) ? chosen & 0xED7 : chosen;
}

uint32_t ProgramMaker::selector()
{
    uint32_t index = below(12);
    return 8 * index + below(4);
}

void ProgramMaker::store_segment()
{
    uint32_t at = data();
    one({ 0x8C, 0x05 | below(6) << 3 }, at);
}

// sgdt, sidt; sldt, str
void ProgramMaker::store_table()
{
    uint32_t at = data();
    one({ 0x0F, below(2), 0x05 | below(4) % 2 << 3 }, at);
}

// And pops it into a register.
void ProgramMaker::push_segment(unsigned reg)
{
    constexpr unsigned pushes[] { 0x06, 0x0E, 0x16, 0x1E };
    one({ pushes[below(4)] });
    one({ 0x58 | reg });
}

void ProgramMaker::push_and_pop_segment()
{
    constexpr unsigned pushes[] { 0x06, 0x1E, 0x16 };
    unsigned which = pushes[below(3)];
    one({ which });
    one({ which + 1 });
}

// FS or GS is loaded; the access may be through the other.
void ProgramMaker::use_flat_segment()
{
    load(Eax, ring_0() ? 0x10 : 0x23);
    one({ 0x8E, 0xE0 | below(2) << 3 });
    uint32_t at = data();
    one({ one_in(2) ? 0x64u : 0x65u, 0x8B, 0x1D }, at);
}

void ProgramMaker::use_segment_with_base()
{
    load(Eax, 0x70 | (one_in(2) ? 3 : 0));
    one({ 0x8E, 0xE0 | below(2) << 3 });
    uint32_t offset = 0x2000 + below(0x1000);
    one({ one_in(2) ? 0x64u : 0x65u, 0x01, 0x05 | below(4) << 3 }, offset);
    flat_again(); // Unicorn does not look at limits
}

// Only looked at: Unicorn does not mind an access through it.
void ProgramMaker::use_null_segment(unsigned reg)
{
    load(Eax, below(4));
    one({ 0x8E, 0xE0 | below(2) << 3 });
    one({ 0x8C, 0xE0 | below(2) << 3 | reg });
    flat_again();
}

void ProgramMaker::flat_again()
{
    load(Eax, ring_0() ? 0x10 : 0x23);
    one({ 0x8E, 0xE0 });
    one({ 0x8E, 0xE8 });
}

void ProgramMaker::set_task_switched()
{
    one({ 0x0F, 0x20, 0xC0 });
    one({ 0x83, 0xF0, 0x08 }); // xor $TS, %eax
    one({ 0x0F, 0x22, 0xC0 });
    floating_point();
    one({ 0x0F, 0x06 });
}

}
