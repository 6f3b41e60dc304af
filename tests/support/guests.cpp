#include "tests/support/guests.hpp"

#include "tests/catch.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>

// A flat image with a Multiboot header whose address fields load it at 1 MiB (Multiboot 0.6.96 §3.1.3): magic, flags,
// checksum, header_addr, load_addr, load_end_addr and bss_end_addr (0: the whole file, nothing more), entry_addr.
#define TEST_GUEST(name, body)                                                                                         \
    asm(".pushsection .rodata\n"                                                                                       \
        "guest_" #name "_begin:\n"                                                                                     \
        ".globl guest_" #name "_begin\n"                                                                               \
        ".long 0x1BADB002, 0x10000, -(0x1BADB002 + 0x10000)\n"                                                         \
        ".long 0x100000, 0x100000, 0, 0, 0x100000 + (9f - guest_" #name "_begin)\n"                                    \
        ".code32\n"                                                                                                    \
        "9:\n" body ".code64\n"                                                                                        \
        ".globl guest_" #name "_end\n"                                                                                 \
        "guest_" #name "_end:\n"                                                                                       \
        ".popsection\n");                                                                                              \
    extern "C" const char guest_##name##_begin[], guest_##name##_end[]

// Prints the zero-terminated text at label 8 on the port in DX.
#define PRINT_TEXT                                                                                                     \
    "call 1f\n"                                                                                                        \
    "1: pop %esi\n"                                                                                                    \
    "add $(8f - 1b), %esi\n"                                                                                           \
    "2: lodsb\n"                                                                                                       \
    "test %al, %al\n"                                                                                                  \
    "jz 3f\n"                                                                                                          \
    "out %al, %dx\n"                                                                                                   \
    "jmp 2b\n"                                                                                                         \
    "3:\n"
#define SERIAL "mov $0x3F8, %edx\n"
#define END(code) "mov $" #code ", %al\nout %al, $0xF4\n7: hlt\njmp 7b\n"

// The stack is not set up by the loader (Multiboot 0.6.96 §3.2).
#define STACK "mov $0x80000, %esp\n"

TEST_GUEST(greet, STACK SERIAL PRINT_TEXT END(0) "8: .asciz \"hello\\n\"\n");
TEST_GUEST(fail, END(5));
TEST_GUEST(spin, STACK SERIAL PRINT_TEXT "cli\n4: jmp 4b\n8: .asciz \"spinning\"\n");
TEST_GUEST(sleep, STACK SERIAL PRINT_TEXT "sti\n4: hlt\njmp 4b\n8: .asciz \"sleeping\"\n");
TEST_GUEST(screen,
    STACK "movl $0x1E491E52, 0xB8000\nmovl $0x1E471E4E, 0xB8004\n" SERIAL PRINT_TEXT "sti\n4: hlt\njmp 4b\n8: .asciz \"drawn\"\n");
TEST_GUEST(echo,
    STACK SERIAL PRINT_TEXT "4: mov $0x3FD, %edx\n" // line status: bit 0 says that a byte has been received
                            "in %dx, %al\n"
                            "test $1, %al\n"
                            "jz 4b\n" SERIAL "in %dx, %al\n"
                            "out %al, %dx\n"
                            "cmp $'q', %al\n"
                            "jne 4b\n" END(0) "8: .asciz \"ready\\n\"\n");
TEST_GUEST(flood,
    SERIAL "mov $(256 * 1024), %ecx\n"
           "xor %eax, %eax\n"
           "4: out %al, %dx\n"
           "inc %eax\n"
           "loop 4b\n" END(0));
TEST_GUEST(both,
    STACK SERIAL PRINT_TEXT
    "mov $'d', %al\nout %al, $0xE9\nmov $'!', %al\nout %al, $0xE9\n" END(0) "8: .asciz \"serial\"\n");

// A label's address in memory.
#define AT(name, label) "(" #label " - guest_" #name "_begin + 0x100000)"

// Every general register, the arithmetic flags, the x87 stack and the XMM registers depend on all that was before. What is
// computed in floating point is exact or rounded as IEEE 754 says, so that every processor computes the same.
TEST_GUEST(mix,
    "mov %cr4, %eax\n"
    "or $0x600, %eax\n" // OSFXSR, OSXMMEXCPT
    "mov %eax, %cr4\n"
    "fninit\n"
    "fldl " AT(mix, 80f) "\n"
    "fldl " AT(mix, 81f) "\n"
    "fldl " AT(mix, 82f) "\n"
    "pxor %xmm0, %xmm0\n"
    "pxor %xmm1, %xmm1\n"
    "pxor %xmm7, %xmm7\n"
    "mov $0x12345678, %eax\n"
    "mov $0x9ABCDEF0, %ebx\n"
    "mov $0x0F1E2D3C, %edx\n"
    "mov $0x55AA1234, %esi\n"
    "mov $0x7FFFFFFF, %edi\n"
    "mov $0x80000001, %ebp\n"
    "mov $0xDEADBEEF, %esp\n" // no stack: interrupts are off
    "30: mov $1000, %ecx\n"
    "31: adc %esp, %eax\n"
    "rol $7, %esp\n"
    "sbb %eax, %ebx\n"
    "rcl $3, %ebx\n"
    "lea 0x1234567(%edx, %esi, 2), %ebp\n"
    "imul $0x8088405, %esi, %esi\n"
    "adc %edi, %esi\n"
    "rcr $1, %edi\n"
    "adc %ebx, %edi\n"
    "lahf\n"
    "xor %ebp, %edx\n"
    "bswap %edx\n"
    "cmovs %ebx, %edx\n"
    "setp %bl\n"
    "sub %ecx, %esp\n"
    "movd %eax, %xmm3\n"
    "paddd %xmm3, %xmm0\n"
    "pshufd $0x39, %xmm0, %xmm0\n"
    "pxor %xmm0, %xmm1\n"
    "cvtsi2sd %edi, %xmm4\n"
    "addsd %xmm4, %xmm7\n"
    "fld1\n" // x := 3.7 x (1 - x), of three numbers in turns
    "fsub %st(1), %st\n"
    "fmulp\n"
    "fmull " AT(mix, 83f) "\n"
    "fxch %st(2)\n"
    "fxch %st(1)\n"
    "dec %ecx\n"
    "jnz 31b\n"
    // Memory, forwards and backwards.
    "mov %esi, 0x200100\n"
    "mov %edi, 0x200104\n"
    "mov $0x210000, %esi\n"
    "mov $0x218000, %edi\n"
    "mov %ebx, (%esi)\n"
    "mov $0x2000, %ecx\n"
    "rep movsl\n"
    "std\n"
    "mov $0x217FF8, %edi\n"
    "mov $0x21FFFC, %esi\n"
    "mov $0x1FFF, %ecx\n"
    "rep movsl\n"
    "cld\n"
    "mov 0x200100, %esi\n"
    "mov 0x200104, %edi\n"
    "add %edx, 0x21FFFC\n"
    "adc 0x210004, %eax\n"
    "out %al, $0xE9\n"
    "decl " AT(mix, 84f) "\n"
    "jnz 30b\n"
    "mov %eax, 0x200000\n"
    "mov %ebx, 0x200004\n"
    "mov %ecx, 0x200008\n"
    "mov %edx, 0x20000C\n"
    "mov %esi, 0x200010\n"
    "mov %edi, 0x200014\n"
    "mov %ebp, 0x200018\n"
    "mov %esp, 0x20001C\n"
    "movups %xmm0, 0x200020\n"
    "movups %xmm1, 0x200030\n"
    "movups %xmm7, 0x200040\n"
    "fstpt 0x200050\n"
    "fstpt 0x200060\n"
    "fstpt 0x200070\n"
    "fnclex\n" // Unicorn does not note that a result was rounded
    "fnstsw 0x200080\n" END(0) ".balign 8\n"
    "80: .double 0.3\n81: .double 0.4\n82: .double 0.7\n83: .double 3.7\n84: .long 800\n");

// The interrupt descriptor table lies at 0x90000. Between STI and HLT no interrupt gets in (SDM 3A §6.8.1).
TEST_GUEST(ticker,
    STACK
    "lgdt " AT(ticker, 41f) "\n"
    "ljmp $8, $" AT(ticker, 42f) "\n"
    "42: mov $16, %eax\n"
    "mov %eax, %ds\nmov %eax, %es\nmov %eax, %ss\n"
    "mov $" AT(ticker, 43f) ", %eax\n"
    "movw %ax, 0x90100\n" // the gate of vector 0x20
    "movw $8, 0x90102\n"
    "movw $0x8E00, 0x90104\n"
    "shr $16, %eax\n"
    "movw %ax, 0x90106\n"
    "lidt " AT(ticker, 44f) "\n"
    "mov $0x11, %al\nout %al, $0x20\n"
    "mov $0x20, %al\nout %al, $0x21\n"
    "mov $0x04, %al\nout %al, $0x21\n"
    "mov $0x01, %al\nout %al, $0x21\n"
    "mov $0xFE, %al\nout %al, $0x21\n"
    "mov $0x34, %al\nout %al, $0x43\n" // 1000 a second
    "mov $0xA9, %al\nout %al, $0x40\n"
    "mov $0x04, %al\nout %al, $0x40\n"
    "45: sti\nhlt\ncli\n"
    "cmpl $150, 0x200000\n"
    "jb 45b\n" END(0)
    "43: incl 0x200000\n"
    "push %eax\n"
    "mov $0x20, %al\nout %al, $0x20\n"
    "pop %eax\n"
    "iret\n"
    ".balign 8\n"
    "40: .quad 0, 0x00CF9B000000FFFF, 0x00CF93000000FFFF\n"
    "41: .word 23\n.long " AT(ticker, 40b) "\n"
    "44: .word 0x107\n.long 0x90000\n");

// The constant of the instruction at 50.
TEST_GUEST(modify,
    "mov $3, %ecx\n"
    "50: mov $0, %ebx\n"
    "incb " AT(modify, 50b) " + 1\n"
    "dec %ecx\n"
    "jnz 50b\n"
    "mov %bl, %al\nout %al, $0xE9\n" END(0));

namespace ringside::test {

namespace {

std::string_view image(const char* begin, const char* end)
{
    return { begin, static_cast<std::size_t>(end - begin) };
}

const std::map<std::string, std::string_view>& images()
{
    static const std::map<std::string, std::string_view> images {
        { "greet", image(guest_greet_begin, guest_greet_end) },
        { "fail", image(guest_fail_begin, guest_fail_end) },
        { "spin", image(guest_spin_begin, guest_spin_end) },
        { "sleep", image(guest_sleep_begin, guest_sleep_end) },
        { "echo", image(guest_echo_begin, guest_echo_end) },
        { "flood", image(guest_flood_begin, guest_flood_end) },
        { "screen", image(guest_screen_begin, guest_screen_end) },
        { "both", image(guest_both_begin, guest_both_end) },
        { "mix", image(guest_mix_begin, guest_mix_end) },
        { "ticker", image(guest_ticker_begin, guest_ticker_end) },
        { "modify", image(guest_modify_begin, guest_modify_end) },
    };
    return images;
}

class Directory {
public:
    Directory()
    {
        char name[] = "/tmp/ringside-guests-XXXXXX";
        REQUIRE(mkdtemp(name));
        m_path = name;
    }
    ~Directory()
    {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

}

std::string guest(const std::string& name)
{
    static const Directory directory;
    auto path = directory.path() / name;
    const auto& bytes = images().at(name);
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path;
}

}
