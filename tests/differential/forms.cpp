#include "tests/differential/forms.hpp"

#include <array>
#include <string_view>

namespace ringside::test {

namespace {

using namespace trait;
using enum Immediate;

constexpr int any = Form::any_register;

constexpr std::array<std::string_view, 16> conditions { "o", "no", "b", "nb", "z", "nz", "be", "nbe", "s", "ns", "p",
    "np", "l", "nl", "le", "nle" };

uint8_t byte(unsigned value)
{
    return static_cast<uint8_t>(value);
}

// ADD OR ADC SBB AND SUB XOR CMP: eight blocks of the opcode map, and three groups (SDM 2D table A-2).
void add_arithmetic(std::vector<Form>& forms)
{
    constexpr std::array<std::string_view, 8> names { "add", "or", "adc", "sbb", "and", "sub", "xor", "cmp" };
    for (unsigned i = 0; i < names.size(); ++i) {
        std::string name(names[i]);
        uint32_t locks = name == "cmp" ? 0 : lockable;
        int digit = static_cast<int>(i);
        forms.push_back({ name + " Eb,Gb", { byte(8 * i) }, any, None, either | locks });
        forms.push_back({ name + " Ev,Gv", { byte(8 * i + 1) }, any, None, either | locks });
        forms.push_back({ name + " Gb,Eb", { byte(8 * i + 2) }, any, None, either });
        forms.push_back({ name + " Gv,Ev", { byte(8 * i + 3) }, any, None, either });
        forms.push_back({ name + " AL,Ib", { byte(8 * i + 4) }, Form::no_modrm, Byte });
        forms.push_back({ name + " eAX,Iz", { byte(8 * i + 5) }, Form::no_modrm, Operand });
        forms.push_back({ name + " Eb,Ib", { 0x80 }, digit, Byte, either | locks });
        forms.push_back({ name + " Ev,Iz", { 0x81 }, digit, Operand, either | locks });
        forms.push_back({ name + " Ev,Ib", { 0x83 }, digit, Byte, either | locks });
    }
}

void add_shifts(std::vector<Form>& forms)
{
    constexpr std::array<std::string_view, 8> names { "rol", "ror", "rcl", "rcr", "shl", "shr", "sal", "sar" };
    for (unsigned i = 0; i < names.size(); ++i) {
        std::string name(names[i]);
        int digit = static_cast<int>(i);
        forms.push_back({ name + " Eb,Ib", { 0xC0 }, digit, Byte, either });
        forms.push_back({ name + " Ev,Ib", { 0xC1 }, digit, Byte, either });
        forms.push_back({ name + " Eb,1", { 0xD0 }, digit, None, either });
        forms.push_back({ name + " Ev,1", { 0xD1 }, digit, None, either });
        forms.push_back({ name + " Eb,CL", { 0xD2 }, digit, None, either });
        forms.push_back({ name + " Ev,CL", { 0xD3 }, digit, None, either });
    }
}

void add_conditional(std::vector<Form>& forms)
{
    for (unsigned i = 0; i < conditions.size(); ++i) {
        std::string condition(conditions[i]);
        forms.push_back({ "j" + condition + " Jb", { byte(0x70 + i) }, Form::no_modrm, RelativeByte });
        forms.push_back({ "j" + condition + " Jz", { 0x0F, byte(0x80 + i) }, Form::no_modrm, RelativeOperand });
        forms.push_back({ "set" + condition, { 0x0F, byte(0x90 + i) }, any, None, either });
        forms.push_back({ "cmov" + condition, { 0x0F, byte(0x40 + i) }, any, None, either });
    }
}

void add_per_register(std::vector<Form>& forms)
{
    for (unsigned i = 0; i < 8; ++i) {
        forms.push_back({ "inc r", { byte(0x40 + i) } });
        forms.push_back({ "dec r", { byte(0x48 + i) } });
        forms.push_back({ "push r", { byte(0x50 + i) } });
        forms.push_back({ "pop r", { byte(0x58 + i) } });
        forms.push_back({ "xchg eAX,r", { byte(0x90 + i) } });
        forms.push_back({ "mov r8,Ib", { byte(0xB0 + i) }, Form::no_modrm, Byte });
        forms.push_back({ "mov r,Iz", { byte(0xB8 + i) }, Form::no_modrm, Operand });
        forms.push_back({ "bswap r", { 0x0F, byte(0xC8 + i) } });
    }
}

const std::vector<Form> other_ordinary {
    { "test Eb,Gb", { 0x84 }, any, None, either },
    { "test Ev,Gv", { 0x85 }, any, None, either },
    { "test AL,Ib", { 0xA8 }, Form::no_modrm, Byte },
    { "test eAX,Iz", { 0xA9 }, Form::no_modrm, Operand },
    { "test Eb,Ib", { 0xF6 }, 0, Byte, either },
    { "test Ev,Iz", { 0xF7 }, 0, Operand, either },
    { "not Eb", { 0xF6 }, 2, None, either | lockable },
    { "not Ev", { 0xF7 }, 2, None, either | lockable },
    { "neg Eb", { 0xF6 }, 3, None, either | lockable },
    { "neg Ev", { 0xF7 }, 3, None, either | lockable },
    { "mul Eb", { 0xF6 }, 4, None, either },
    { "mul Ev", { 0xF7 }, 4, None, either },
    { "imul Eb", { 0xF6 }, 5, None, either },
    { "imul Ev", { 0xF7 }, 5, None, either },
    { "div Eb", { 0xF6 }, 6, None, either | divides },
    { "div Ev", { 0xF7 }, 6, None, either | divides },
    { "idiv Eb", { 0xF6 }, 7, None, either | divides },
    { "idiv Ev", { 0xF7 }, 7, None, either | divides },
    { "imul Gv,Ev", { 0x0F, 0xAF }, any, None, either },
    { "imul Gv,Ev,Iz", { 0x69 }, any, Operand, either },
    { "imul Gv,Ev,Ib", { 0x6B }, any, Byte, either },
    { "inc Eb", { 0xFE }, 0, None, either | lockable },
    { "inc Ev", { 0xFF }, 0, None, either | lockable },
    { "dec Eb", { 0xFE }, 1, None, either | lockable },
    { "dec Ev", { 0xFF }, 1, None, either | lockable },
    { "mov Eb,Gb", { 0x88 }, any, None, either },
    { "mov Ev,Gv", { 0x89 }, any, None, either },
    { "mov Gb,Eb", { 0x8A }, any, None, either },
    { "mov Gv,Ev", { 0x8B }, any, None, either },
    { "mov AL,Ob", { 0xA0 }, Form::no_modrm, Offset },
    { "mov eAX,Ov", { 0xA1 }, Form::no_modrm, Offset },
    { "mov Ob,AL", { 0xA2 }, Form::no_modrm, Offset },
    { "mov Ov,eAX", { 0xA3 }, Form::no_modrm, Offset },
    { "mov Eb,Ib", { 0xC6 }, 0, Byte, either },
    { "mov Ev,Iz", { 0xC7 }, 0, Operand, either },
    { "movzx Gv,Eb", { 0x0F, 0xB6 }, any, None, either },
    { "movzx Gv,Ew", { 0x0F, 0xB7 }, any, None, either },
    { "movsx Gv,Eb", { 0x0F, 0xBE }, any, None, either },
    { "movsx Gv,Ew", { 0x0F, 0xBF }, any, None, either },
    { "lea", { 0x8D }, any, None, memory },
    { "xchg Eb,Gb", { 0x86 }, any, None, either | lockable },
    { "xchg Ev,Gv", { 0x87 }, any, None, either | lockable },
    { "xadd Eb,Gb", { 0x0F, 0xC0 }, any, None, either | lockable },
    { "xadd Ev,Gv", { 0x0F, 0xC1 }, any, None, either | lockable },
    { "cmpxchg Eb,Gb", { 0x0F, 0xB0 }, any, None, either | lockable },
    { "cmpxchg Ev,Gv", { 0x0F, 0xB1 }, any, None, either | lockable },
    { "cmpxchg8b", { 0x0F, 0xC7 }, 1, None, memory | lockable },
    { "xlat", { 0xD7 }, Form::no_modrm, None, table_lookup },
    { "cbw/cwde", { 0x98 } },
    { "cwd/cdq", { 0x99 } },
    { "sahf", { 0x9E } },
    { "lahf", { 0x9F } },
    { "salc", { 0xD6 } },
    { "daa", { 0x27 } },
    { "das", { 0x2F } },
    { "aaa", { 0x37 } },
    { "aas", { 0x3F } },
    { "aam", { 0xD4 }, Form::no_modrm, Byte },
    { "aad", { 0xD5 }, Form::no_modrm, Byte },
    { "shld Ev,Gv,Ib", { 0x0F, 0xA4 }, any, Byte, either },
    { "shld Ev,Gv,CL", { 0x0F, 0xA5 }, any, None, either },
    { "shrd Ev,Gv,Ib", { 0x0F, 0xAC }, any, Byte, either },
    { "shrd Ev,Gv,CL", { 0x0F, 0xAD }, any, None, either },
    { "bt Ev,Gv", { 0x0F, 0xA3 }, any, None, either | bit_offset },
    { "bts Ev,Gv", { 0x0F, 0xAB }, any, None, either | lockable | bit_offset },
    { "btr Ev,Gv", { 0x0F, 0xB3 }, any, None, either | lockable | bit_offset },
    { "btc Ev,Gv", { 0x0F, 0xBB }, any, None, either | lockable | bit_offset },
    { "bt Ev,Ib", { 0x0F, 0xBA }, 4, Byte, either },
    { "bts Ev,Ib", { 0x0F, 0xBA }, 5, Byte, either | lockable },
    { "btr Ev,Ib", { 0x0F, 0xBA }, 6, Byte, either | lockable },
    { "btc Ev,Ib", { 0x0F, 0xBA }, 7, Byte, either | lockable },
    { "bsf", { 0x0F, 0xBC }, any, None, either },
    { "bsr", { 0x0F, 0xBD }, any, None, either },
    { "cmc", { 0xF5 } },
    { "clc", { 0xF8 } },
    { "stc", { 0xF9 } },
    { "cld", { 0xFC } },
    { "std", { 0xFD } },
    { "pushf", { 0x9C } },
    { "popf", { 0x9D }, Form::no_modrm, None, flags_image },
    { "push Ev", { 0xFF }, 6, None, either },
    { "pop Ev", { 0x8F }, 0, None, either },
    { "push Ib", { 0x6A }, Form::no_modrm, Byte },
    { "push Iz", { 0x68 }, Form::no_modrm, Operand },
    { "pusha", { 0x60 } },
    { "popa", { 0x61 } },
    { "enter", { 0xC8 }, Form::no_modrm, WordThenByte },
    { "leave", { 0xC9 } },
    { "movsb", { 0xA4 }, Form::no_modrm, None, string },
    { "movsd", { 0xA5 }, Form::no_modrm, None, string },
    { "cmpsb", { 0xA6 }, Form::no_modrm, None, string },
    { "cmpsd", { 0xA7 }, Form::no_modrm, None, string },
    { "stosb", { 0xAA }, Form::no_modrm, None, string },
    { "stosd", { 0xAB }, Form::no_modrm, None, string },
    { "lodsb", { 0xAC }, Form::no_modrm, None, string },
    { "lodsd", { 0xAD }, Form::no_modrm, None, string },
    { "scasb", { 0xAE }, Form::no_modrm, None, string },
    { "scasd", { 0xAF }, Form::no_modrm, None, string },
    { "jmp Jb", { 0xEB }, Form::no_modrm, RelativeByte },
    { "jmp Jz", { 0xE9 }, Form::no_modrm, RelativeOperand },
    { "call Jz", { 0xE8 }, Form::no_modrm, RelativeOperand },
    { "jmp Ev", { 0xFF }, 4, None, either | branch },
    { "call Ev", { 0xFF }, 2, None, either | branch },
    { "ret", { 0xC3 }, Form::no_modrm, None, branch },
    { "ret Iw", { 0xC2 }, Form::no_modrm, Word, branch },
    { "loopne", { 0xE0 }, Form::no_modrm, RelativeByte },
    { "loope", { 0xE1 }, Form::no_modrm, RelativeByte },
    { "loop", { 0xE2 }, Form::no_modrm, RelativeByte },
    { "jecxz", { 0xE3 }, Form::no_modrm, RelativeByte },
    { "bound", { 0x62 }, any, None, memory },
    { "arpl", { 0x63 }, any, None, either },
    { "nop Ev", { 0x0F, 0x1F }, 0, None, either },
    { "ud2", { 0x0F, 0x0B } },
};

const std::vector<Form> all_system {
    { "mov Ew,Sw", { 0x8C }, any, None, either },
    { "mov Sw,Ew", { 0x8E }, any, None, either | selector },
    { "push es", { 0x06 } },
    { "push cs", { 0x0E } },
    { "push ss", { 0x16 } },
    { "push ds", { 0x1E } },
    { "push fs", { 0x0F, 0xA0 } },
    { "push gs", { 0x0F, 0xA8 } },
    { "pop es", { 0x07 }, Form::no_modrm, None, selector },
    { "pop ss", { 0x17 }, Form::no_modrm, None, selector },
    { "pop ds", { 0x1F }, Form::no_modrm, None, selector },
    { "pop fs", { 0x0F, 0xA1 }, Form::no_modrm, None, selector },
    { "pop gs", { 0x0F, 0xA9 }, Form::no_modrm, None, selector },
    { "les", { 0xC4 }, any, None, memory | far_operand },
    { "lds", { 0xC5 }, any, None, memory | far_operand },
    { "lss", { 0x0F, 0xB2 }, any, None, memory | far_operand },
    { "lfs", { 0x0F, 0xB4 }, any, None, memory | far_operand },
    { "lgs", { 0x0F, 0xB5 }, any, None, memory | far_operand },
    { "lar", { 0x0F, 0x02 }, any, None, either | selector },
    { "lsl", { 0x0F, 0x03 }, any, None, either | selector },
    { "verr", { 0x0F, 0x00 }, 4, None, either | selector },
    { "verw", { 0x0F, 0x00 }, 5, None, either | selector },
    { "sldt", { 0x0F, 0x00 }, 0, None, either },
    { "str", { 0x0F, 0x00 }, 1, None, either },
    { "lldt", { 0x0F, 0x00 }, 2, None, either | selector | privileged },
    { "ltr", { 0x0F, 0x00 }, 3, None, either | selector | privileged },
    { "sgdt", { 0x0F, 0x01 }, 0, None, memory },
    { "sidt", { 0x0F, 0x01 }, 1, None, memory },
    { "lgdt", { 0x0F, 0x01 }, 2, None, memory | privileged },
    { "lidt", { 0x0F, 0x01 }, 3, None, memory | privileged },
    { "smsw", { 0x0F, 0x01 }, 4, None, memory },
    { "lmsw", { 0x0F, 0x01 }, 6, None, either | privileged },
    { "invlpg", { 0x0F, 0x01 }, 7, None, memory | privileged },
    { "clts", { 0x0F, 0x06 }, Form::no_modrm, None, privileged },
    { "invd", { 0x0F, 0x08 }, Form::no_modrm, None, privileged },
    { "wbinvd", { 0x0F, 0x09 }, Form::no_modrm, None, privileged },
    { "mov r,cr0", { 0x0F, 0x20 }, 0, None, registers | privileged },
    { "mov r,cr2", { 0x0F, 0x20 }, 2, None, registers | privileged },
    { "mov r,cr3", { 0x0F, 0x20 }, 3, None, registers | privileged },
    { "mov r,cr4", { 0x0F, 0x20 }, 4, None, registers | privileged },
    { "mov cr0,r", { 0x0F, 0x22 }, 0, None, registers | privileged | control_load },
    { "mov cr2,r", { 0x0F, 0x22 }, 2, None, registers | privileged },
    { "mov cr3,r", { 0x0F, 0x22 }, 3, None, registers | privileged },
    { "cli", { 0xFA } },
    { "sti", { 0xFB } },
    { "jmp far ptr", { 0xEA }, Form::no_modrm, FarPointer },
    { "call far ptr", { 0x9A }, Form::no_modrm, FarPointer },
    { "jmp far m", { 0xFF }, 5, None, memory | far_operand },
    { "call far m", { 0xFF }, 3, None, memory | far_operand },
    { "ret far", { 0xCB }, Form::no_modrm, None, far_return },
    { "ret far Iw", { 0xCA }, Form::no_modrm, Word, far_return },
    { "iret", { 0xCF }, Form::no_modrm, None, far_return },
};

}

const std::vector<Form>& ordinary_forms()
{
    static const std::vector<Form> forms = [] {
        std::vector<Form> all = other_ordinary;
        add_arithmetic(all);
        add_shifts(all);
        add_conditional(all);
        add_per_register(all);
        return all;
    }();
    return forms;
}

const std::vector<Form>& forms_without_branches()
{
    static const std::vector<Form> forms = [] {
        std::vector<Form> all = ordinary_forms();
        std::erase_if(all, [](const Form& form) {
            return form.has(branch) || form.immediate == RelativeByte || form.immediate == RelativeOperand;
        });
        return all;
    }();
    return forms;
}

const std::vector<Form>& system_forms()
{
    return all_system;
}

}
