#include "tests/differential/program.hpp"

#include "core/x86/decode.hpp"
#include "tests/differential/cases.hpp"
#include "tests/differential/settings.hpp"
#include "tests/differential/undefined_flags.hpp"

#include <Zydis/Zydis.h>
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <initializer_list>
#include <iterator>
#include <random>

namespace ringside::test {

namespace {

using namespace program_layout;
using Code = std::initializer_list<unsigned>;

constexpr uint32_t stack_low = 0x9000, stack_bytes = 0x800;

const std::vector<Form>& usable_forms()
{
    static const auto forms = [] {
        std::vector<Form> all;
        for (const auto& form : ordinary_forms()) {
            bool branches = form.has(trait::branch) || form.immediate == Immediate::RelativeByte
                || form.immediate == Immediate::RelativeOperand;
            if (!branches)
                all.push_back(form);
        }
        return all;
    }();
    return forms;
}

// Flags of which some processor may make what it likes, whatever the operands are.
bool may_leave_undefined_flags(const Instruction& instruction)
{
    CpuState shifted;
    shifted.gpr[Ecx] = 31;
    return undefined_flags(shifted, instruction) != 0 || instruction.info.meta.category == ZYDIS_CATEGORY_SHIFT
        || instruction.info.meta.category == ZYDIS_CATEGORY_ROTATE || instruction.info.mnemonic == ZYDIS_MNEMONIC_SHLD
        || instruction.info.mnemonic == ZYDIS_MNEMONIC_SHRD;
}

// What Unicorn is known to do otherwise than a processor (unicorn_test.cpp), and undefined results.
bool is_excluded(const Instruction& instruction)
{
    auto attributes = instruction.info.attributes;
    if (attributes & ZYDIS_ATTRIB_HAS_SEGMENT_CS)
        return true;
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_SHLD:
    case ZYDIS_MNEMONIC_SHRD:
    case ZYDIS_MNEMONIC_BSWAP:
        return instruction.info.operand_width == 16;
    case ZYDIS_MNEMONIC_ENTER: // clears the upper half of EBP; nested frames that overlap come out otherwise
        return instruction.info.operand_width == 16 || instruction.info.raw.imm[1].value.u % 32 != 0;
    case ZYDIS_MNEMONIC_NEG:
        return attributes & ZYDIS_ATTRIB_HAS_LOCK;
    case ZYDIS_MNEMONIC_CMPSB: // looks at ES:EDI first
    case ZYDIS_MNEMONIC_CMPSW:
    case ZYDIS_MNEMONIC_CMPSD:
    case ZYDIS_MNEMONIC_CMPXCHG8B: // takes flags that have not been computed yet
        return true;
    case ZYDIS_MNEMONIC_RCL:  // loses flags when it faults
    case ZYDIS_MNEMONIC_RCR:
    case ZYDIS_MNEMONIC_ARPL: // faults as a write even if it would not write
        return instruction.operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY;
    default:
        return false;
    }
}

// Unicorn may lose the flags when such an instruction faults, unless they have been asked for before.
bool asks_for_flags(const Instruction& instruction)
{
    return instruction.info.cpu_flags && instruction.info.cpu_flags->tested;
}

class ProgramMaker {
public:
    explicit ProgramMaker(uint64_t seed)
        : m_random(seed * 0x9E3779B97F4A7C15 + 1)
        , m_setting(setting_for(seed % 2 ? 3 : 0))
        , m_cases(seed, m_setting)
    {
        m_program.seed = seed;
        m_program.ring = seed % 2 ? 3 : 0;
    }

    Program make()
    {
        m_program.state = m_setting.state;
        m_program.state.eflags = eflags::fixed | (one_in(2) ? eflags::if_ : 0);
        m_program.state.fxsave = fresh_fpu();
        for (auto& value : m_program.state.gpr)
            value = interesting();
        m_program.state.gpr[Esp] = stack();
        // Near the end of a page, often, so that blocks cross it.
        uint32_t start = one_in(2) ? page_size - below(200) : below(page_size);
        m_program.state.eip = program_layout::code + start;
        m_program.bytes.assign(start, 0xCC);
        one({ 0xEB, 16 }); // over data among the code
        m_hole = here();
        put({ 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90 });
        for (unsigned pieces = 6 + below(14); pieces > 0; --pieces)
            piece();
        while (!m_pending.empty())
            end_piece();
        boundary();
        put({ 0xCD, end_vector });
        return m_program;
    }

private:
    static Setting setting_for(unsigned ring)
    {
        auto settings = paged_settings();
        auto setting = settings[ring == 3 ? 0 : 1];
        setting.state.cr4 |= cr4::osfxsr | cr4::osxmmexcpt;
        return setting;
    }
    static std::array<std::byte, 512> fresh_fpu()
    {
        std::array<std::byte, 512> image {};
        image[0] = std::byte { 0x7F }; // FCW 037F
        image[1] = std::byte { 0x03 };
        image[24] = std::byte { 0x80 }; // MXCSR 1F80
        image[25] = std::byte { 0x1F };
        return image;
    }

    uint32_t random() { return static_cast<uint32_t>(m_random() >> 16); }
    uint32_t below(uint32_t limit) { return random() % limit; }
    bool one_in(uint32_t n) { return below(n) == 0; }
    uint32_t interesting()
    {
        constexpr uint32_t values[] { 0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF };
        return one_in(2) ? random() : values[below(std::size(values))];
    }
    uint32_t stack() { return stack_low + 4 * below(stack_bytes / 4); }
    uint32_t data() { return 0x3000 + 4 * below(0x300); }
    bool ring_0() const { return m_program.ring == 0; }

    uint32_t here() const { return program_layout::code + static_cast<uint32_t>(m_program.bytes.size()); }
    void boundary() { m_program.boundaries.push_back(static_cast<uint16_t>(m_program.bytes.size())); }
    void put(Code bytes)
    {
        for (unsigned byte : bytes)
            m_program.bytes.push_back(static_cast<uint8_t>(byte));
    }
    void put_32(uint32_t value) { put({ value & 0xFF, value >> 8 & 0xFF, value >> 16 & 0xFF, value >> 24 }); }
    void set_32(std::size_t at, uint32_t value)
    {
        for (unsigned i = 0; i < 4; ++i)
            m_program.bytes[at + i] = static_cast<uint8_t>(value >> (8 * i));
    }
    // An instruction.
    void one(Code bytes) { boundary(), put(bytes); }
    void one(Code bytes, uint32_t value) { one(bytes), put_32(value); }
    void load(unsigned reg, uint32_t value) { one({ 0xB8 | reg }, value); }
    // Defines all the status flags.
    void define_flags() { one({ 0x81, 0xF8 | below(8) }, interesting()); } // cmp $imm, %reg

    // Where a forward branch of a later piece goes: at the start of the piece after `pieces` more.
    struct Pending {
        std::size_t at; // of the 32 bits
        bool relative;
        unsigned pieces;
    };
    void later(bool relative)
    {
        m_pending.push_back({ m_program.bytes.size(), relative, 1 + below(3) });
        put_32(0);
    }
    void end_piece()
    {
        for (auto& pending : m_pending) {
            if (--pending.pieces == 0)
                set_32(pending.at,
                    pending.relative ? here() - (program_layout::code + static_cast<uint32_t>(pending.at) + 4) : here());
        }
        std::erase_if(m_pending, [](const Pending& pending) { return pending.pieces == 0; });
    }

    void piece()
    {
        switch (below(16)) {
        case 0: case 1: case 2: case 3: case 4:
            instruction(true);
            break;
        case 5: case 6:
            instruction(false);
            break;
        case 7: case 8: case 9:
            branch();
            break;
        case 10:
            loop();
            break;
        case 11:
            fault();
            break;
        case 12: case 13:
            system();
            break;
        case 14:
            floating_point();
            break;
        case 15:
            change_code();
            break;
        }
        end_piece();
    }

    // One of the emulator's test cases, with its registers and flags or as things are.
    void instruction(bool with_registers)
    {
        const auto& forms = usable_forms();
        for (;;) {
            Case chosen = m_cases.make(forms[below(static_cast<uint32_t>(forms.size()))], here() + 64);
            Instruction decoded;
            bool known = decode_bytes(m_setting.state, chosen.bytes, decoded);
            if (!known || is_excluded(decoded))
                continue;
            if (with_registers)
                registers(chosen.state);
            if (asks_for_flags(decoded))
                one({ 0xF5 }); // cmc
            boundary();
            m_program.bytes.insert(m_program.bytes.end(), chosen.bytes.begin(), chosen.bytes.end());
            if (may_leave_undefined_flags(decoded))
                define_flags();
            else if (one_in(2))
                look_at_flags();
            if (ring_0() || one_in(4))
                load(Esp, stack());
            return;
        }
    }
    void registers(const CpuState& state)
    {
        if (one_in(2)) {
            one({ 0x68 }, state.eflags & ~eflags::if_); // push
            one({ 0x9D });
        }
        for (unsigned reg = 0; reg < 8; ++reg) {
            if (reg != Esp)
                load(reg, state.gpr[reg]);
        }
        load(Esp, stack_low | (state.gpr[Esp] & 0x7FF));
    }
    void look_at_flags()
    {
        switch (below(4)) {
        case 0:
            one({ 0x9C });                             // pushf
            one({ 0x58 | below(4) });                  // pop %reg
            break;
        case 1:
            one({ 0x0F, 0x90 | below(16), 0xC0 | below(8) }); // setcc
            break;
        case 2:
            one({ 0x9F });                             // lahf
            break;
        case 3:
            one({ 0x66, 0x9C });                       // pushfw
            one({ 0x66, 0x9D });                       // popfw
            break;
        }
    }

    // A small instruction that faults never.
    void filler()
    {
        unsigned reg = below(4);
        switch (below(5)) {
        case 0: one({ 0x40 | reg }); break;
        case 1: one({ 0x01, 0xC0 | reg << 3 | below(4) }); break;
        case 2: one({ 0x83, 0xD0 | reg, below(256) }); break; // adc
        case 3: one({ 0xF5 }); break;                         // cmc
        case 4: one({ 0x19, 0xC0 | reg << 3 | below(4) }); break;
        }
    }

    void branch()
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
        case 4: // jmp *reg, through the stack's neighborhood of flags
            one({ 0xB8 | reg });
            later(false);
            return one({ 0xFF, 0xE0 | reg });
        case 5: { // jmp *mem
            uint32_t at = one_in(8) ? 0x6100 : data();
            one({ 0xC7, 0x05 }, at);
            later(false);
            return one({ 0xFF, 0x25 }, at);
        }
        case 6: // push; ret
            one({ 0x68 });
            later(false);
            return one_in(2) ? one({ 0xC3 }) : one({ 0xC2, 4 * below(4), 0 });
        case 7: // call, and come back
        case 8:
            return call();
        case 9: // jecxz, jcxz
            if (one_in(2))
                load(Ecx, one_in(2) ? 0 : 0x10000);
            if (one_in(2))
                one({ 0x67, 0xE3, 1 });
            else
                one({ 0xE3, 1 });
            return one({ 0x40 | reg });
        case 10: // iret, from a stack that is there: Unicorn reads it as the kernel
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
            return one({ 0xCF });
        case 11: // ljmp, push cs; lret
            if (one_in(2)) {
                one({ 0xEA });
                later(false);
                return put({ ring_0() ? 0x08u : 0x1Bu, 0 });
            }
            load(Esp, stack());
            one({ 0x0E });
            one({ 0x68 });
            later(false);
            return one({ 0xCB });
        case 12: // cut to 16 bits: leads nowhere
            if (!one_in(4))
                return filler();
            return one({ 0x66, 0x70 | below(16), 0 });
        }
    }

    // The function lies behind its call.
    void call()
    {
        uint32_t body = 0;
        std::size_t target = 0;
        unsigned released = one_in(3) ? 4 * below(3) : 0;
        for (unsigned i = 0; i < released / 4; ++i)
            one({ 0x50 | below(4) });
        unsigned kind = below(3), reg = below(4);
        if (kind == 0) {
            one({ 0xE8 });
        } else if (kind == 1) {
            one({ 0xB8 | reg });
        } else {
            one({ 0xC7, 0x05 }, 0x3400);
        }
        target = m_program.bytes.size();
        put_32(0);
        if (kind == 1)
            one({ 0xFF, 0xD0 | reg });
        if (kind == 2)
            one({ 0xFF, 0x15 }, 0x3400);
        filler();
        one({ 0xEB });
        std::size_t over = m_program.bytes.size();
        put({ 0 });
        body = here();
        set_32(target, kind == 0 ? body - (program_layout::code + static_cast<uint32_t>(target) + 4) : body);
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
        m_program.bytes[over] = static_cast<uint8_t>(m_program.bytes.size() - over - 1);
    }

    void loop()
    {
        load(Ecx, 1 + below(12));
        uint32_t again = here();
        for (unsigned i = 1 + below(3); i > 0; --i) {
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
        if (one_in(3)) {
            one({ 0x49 }); // dec %ecx; jnz
            boundary();
            put({ 0x75, (again - here() - 2) & 0xFF });
            return;
        }
        boundary(); // not LOOPE and LOOPNE: behind them Unicorn has other flags
        put({ 0xE2, (again - here() - 2) & 0xFF });
    }

    void fault()
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
        case 5: return one({ 0xA1 }, 0x6000 + below(0x1000));   // absent
        case 6: return one({ 0xA3 }, 0x2000 + below(0x1000));   // read-only
        case 7: return one({ 0xFF, 0x35 }, 0x4000 + below(0x1000)); // push of the kernel's page
        case 8: return one({ 0x8F, 0x05 }, 0x5FFE);             // pop across two pages
        case 9: return one({ 0x62, 0x05 }, data());             // bound
        case 10: // the stack is away
            if (ring_0())
                return one({ 0xCD, 0x80 });
            load(Esp, 0x6804);
            one({ 0x50 | below(8) });
            one({ 0xE8 }), put_32(0);
            one({ 0x9C });
            one({ 0xC3 });
            return load(Esp, stack());
        case 11: return one({ 0xFF, 0x25 }, 0x6008);            // jmp through an absent page
        }
    }

    void system()
    {
        unsigned reg = below(4);
        switch (below(24)) {
        case 0: return one({ 0xFA });
        case 1: return one({ 0xFB });
        case 2: one({ 0xFB }); return one({ 0xFA });
        case 3: case 4: // pushf, changed, popf
            one({ 0x68 }, flags_image());
            return one({ 0x9D });
        case 5: one({ 0x9C }); return one({ 0x58 | reg });
        case 6: return one({ 0x0F, 0x20, 0xC0 | reg }); // mov %cr0
        case 7: return one({ 0x0F, 0x20, 0xE0 | reg }); // mov %cr4
        case 8: return one({ 0x0F, 0x20, 0xD8 | reg }); // mov %cr3
        case 9: return one({ 0x8C, 0xC0 | below(6) << 3 | reg }); // mov sreg, reg
        case 10: return one({ 0x66, 0x8C, 0xC0 | below(6) << 3 | reg });
        case 11: return one({ 0x8C, 0x05 | below(6) << 3 }, data());
        case 12: { // push sreg; pop reg
            constexpr unsigned pushes[] { 0x06, 0x0E, 0x16, 0x1E };
            one({ pushes[below(4)] });
            return one({ 0x58 | reg });
        }
        case 13: { // push sreg; pop of the same
            constexpr unsigned pushes[] { 0x06, 0x1E, 0x16 };
            unsigned which = pushes[below(3)];
            one({ which });
            return one({ which + 1 });
        }
        case 14: return one({ 0x0F, below(2), 0x05 | below(4) % 2 << 3 }, data()); // sgdt, sidt; sldt, str
        case 15: return one({ 0x66, 0x0F, 0x01, 0xE0 | reg }); // smsw
        case 16: // lar, lsl
            load(Ecx, 8 * below(12) + below(4));
            return one({ 0x0F, 0x02 + below(2), 0xC1 | below(3) << 3 });
        case 17: // verr, verw
            load(Ecx, 8 * below(12) + below(4));
            return one({ 0x0F, 0x00, 0xE1 | below(2) << 3 });
        case 18: // fs, gs
            load(Eax, ring_0() ? 0x10 : 0x23);
            one({ 0x8E, 0xE0 | below(2) << 3 });
            return one({ one_in(2) ? 0x64u : 0x65u, 0x8B, 0x1D }, data());
        case 19: // a segment with a base
            load(Eax, 0x70 | (one_in(2) ? 3 : 0));
            one({ 0x8E, 0xE0 | below(2) << 3 });
            one({ one_in(2) ? 0x64u : 0x65u, 0x01, 0x05 | below(4) << 3 }, 0x2000 + below(0x1000));
            return flat_again(); // Unicorn does not look at limits
        case 20: // a null one: Unicorn does not mind a use of it
            load(Eax, below(4));
            one({ 0x8E, 0xE0 | below(2) << 3 });
            one({ 0x8C, 0xE0 | below(2) << 3 | reg });
            return flat_again();
        case 21: // mov to ds and back
            load(Eax, one_in(2) ? 0x23 : 0x10);
            one({ 0x8E, 0xD8 });
            return one({ 0x89, 0x1D }, data());
        case 22: // clts, mov to cr0: TS
            if (one_in(2))
                return one({ 0x0F, 0x06 });
            one({ 0x0F, 0x20, 0xC0 });
            one({ 0x83, 0xF0, 0x08 }); // xor $TS, %eax
            one({ 0x0F, 0x22, 0xC0 });
            floating_point();
            return one({ 0x0F, 0x06 });
        case 23: // iopl, with the flag looked at
            one({ 0x68 }, flags_image());
            one({ 0x9D });
            one({ 0x9C });
            return one({ 0x58 | reg });
        }
    }
    void flat_again()
    {
        load(Eax, ring_0() ? 0x10 : 0x23);
        one({ 0x8E, 0xE0 });
        one({ 0x8E, 0xE8 });
    }
    uint32_t flags_image()
    {
        uint32_t chosen = random() & ~(eflags::tf | eflags::vm | eflags::vif | eflags::vip | eflags::rf | eflags::ac);
        return one_in(2) ? chosen & 0xED7 : chosen;
    }

    // Unicorn knows neither full nor empty floating-point stacks: what is pushed is popped. Nor does it ask for alignment.
    void floating_point()
    {
        unsigned depth = 0;
        if (one_in(2)) {
            one({ 0xDB, 0xE3 }); // fninit
            one({ 0xD9, 0xE8 }); // fld1
            one({ 0xDB, 0x05 }, data()); // fild
            depth = 2;
        }
        for (unsigned times = 1 + below(4); times > 0; --times) {
            uint32_t at = data();
            switch (depth == 2 ? below(9) : 4 + below(5)) {
            case 0: one({ 0xDD, 0x15 }, at); break;             // fst, 64 bits
            case 1: one({ 0xD8, 0xC1 | below(2) << 3 }); break; // fadd, fmul
            case 2: one({ 0xDB, 0x15 }, at); break;             // fist
            case 3: one({ 0xD9, 0xC9 }); break;                 // fxch
            case 4: one({ 0x0F, 0x28, 0xC0 | below(64) }); break;          // movaps
            case 5: one({ 0x0F, 0x10, 0x05 | below(8) << 3 }, at); break;  // movups
            case 6: one({ 0x0F, 0x11, 0x05 | below(8) << 3 }, at); break;
            case 7: one({ 0x66, 0x0F, 0xFE, 0xC0 | below(64) }); break;    // paddd
            case 8: one({ 0x0F, 0x29, 0x05 | below(8) << 3 }, at & ~15u); break; // movaps
            }
        }
        if (depth == 2) {
            one({ 0xDD, 0x1D }, data()); // fstp
            one({ 0xDF, 0x3D }, data()); // fistp, 64 bits
        }
    }

    // Writes the immediate of an instruction further on, right behind or with others between, or one that has run.
    void change_code()
    {
        unsigned reg = below(4);
        if (one_in(3)) { // a loop whose body changes each time
            load(Ecx, 2 + below(12));
            uint32_t again = here();
            uint32_t body = again + 7;
            one({ 0x80, 0x05 }, body + 1); // addb $1, body + 1
            put({ 1 });
            one({ 0x05 }, interesting());  // body: add $imm, %eax
            boundary();
            put({ 0xE2, (again - here() - 2) & 0xFF });
            return;
        }
        one({ 0xC7, 0x05 });
        std::size_t at = m_program.bytes.size();
        put_32(0);
        put_32(interesting());
        for (unsigned i = below(4); i > 0; --i)
            filler();
        if (one_in(2)) {
            one({ 0xEB, 0 });
        }
        set_32(at, here() + 1);
        load(reg, interesting());
    }

    std::mt19937_64 m_random;
    Setting m_setting;
    CaseMaker m_cases;
    Program m_program;
    std::vector<Pending> m_pending;
    uint32_t m_hole = 0; // 16 bytes that are not executed
};

}

Program make_program(uint64_t seed)
{
    return ProgramMaker(seed).make();
}

std::string disassembly(const Program& program)
{
    std::string text;
    ZydisFormatter formatter;
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_ATT);
    for (uint16_t offset : program.boundaries) {
        std::array<uint8_t, longest_instruction> padded {};
        auto length = std::min<std::size_t>(padded.size(), program.bytes.size() - offset);
        std::copy_n(program.bytes.begin() + offset, length, padded.begin());
        std::array<char, 100> line { "?" };
        Instruction instruction;
        uint32_t eip = program_layout::code + offset;
        if (decode_bytes(program.state, padded, instruction))
            ZydisFormatterFormatInstruction(&formatter, &instruction.info, instruction.operands.data(),
                instruction.info.operand_count_visible, line.data(), line.size(), eip, nullptr);
        fmt::format_to(std::back_inserter(text), "    {:x}: {}\n", eip, line.data());
    }
    return text;
}

}
