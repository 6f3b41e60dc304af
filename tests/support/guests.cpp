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
        { "both", image(guest_both_begin, guest_both_end) },
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
