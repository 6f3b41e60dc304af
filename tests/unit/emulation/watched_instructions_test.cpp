#include "strategies/emulation/watched_instructions.hpp"
#include "tests/catch.hpp"

#include <initializer_list>

using namespace ringside;

namespace {

constexpr uint32_t code_address = 0x1000;

std::vector<WatchedInstruction> watched(std::initializer_list<uint8_t> code)
{
    auto memory = GuestMemory::create(minimum_memory);
    REQUIRE(memory);
    uint32_t at = code_address;
    for (uint8_t byte : code)
        memory->write(Gpa { at++ }, byte);
    return find_watched_instructions(
        *memory, multiboot_entry_state(code_address, 0), code_address, static_cast<uint32_t>(code.size()));
}

}

TEST_CASE("Plain code has no watched instruction", "[emulation]")
{
    CHECK(watched({ 0x90, 0x40, 0x89, 0xD8, 0xE8, 0, 0, 0, 0, 0xC3 }).empty());
}

TEST_CASE("What Unicorn executes without telling is watched, at its own address", "[emulation]")
{
    struct Case {
        const char* name;
        std::initializer_list<uint8_t> code;
        WatchReason reason;
    };
    const Case cases[] {
        { "rdtsc", { 0x0F, 0x31 }, WatchReason::Emulate },
        { "rdmsr", { 0x0F, 0x32 }, WatchReason::Emulate },
        { "wrmsr", { 0x0F, 0x30 }, WatchReason::Emulate },
        { "sysenter", { 0x0F, 0x34 }, WatchReason::Emulate },
        { "syscall", { 0x0F, 0x05 }, WatchReason::Emulate }, // Unicorn skips it
        { "mov dr7, eax", { 0x0F, 0x23, 0xF8 }, WatchReason::Emulate },
        { "mov eax, dr6", { 0x0F, 0x21, 0xF0 }, WatchReason::Emulate },
        { "iret", { 0xCF }, WatchReason::RingChange },
        { "far jump", { 0xEA, 0, 0, 0, 0, 8, 0 }, WatchReason::Emulate },
        { "far call", { 0x9A, 0, 0, 0, 0, 8, 0 }, WatchReason::Emulate },
        { "far return", { 0xCB }, WatchReason::RingChange },
        { "in al, dx", { 0xEC }, WatchReason::Port },
        { "out 0x80, al", { 0xE6, 0x80 }, WatchReason::Port },
        { "rep insd", { 0xF3, 0x6D }, WatchReason::Port },
    };
    for (const auto& test : cases) {
        INFO(test.name);
        auto found = watched(test.code);
        REQUIRE(found.size() == 1);
        CHECK(found[0].address == code_address);
        CHECK(found[0].watch.reason == test.reason);
    }
}

TEST_CASE("A watched instruction is found behind others", "[emulation]")
{
    auto found = watched({ 0xB8, 1, 0, 0, 0, 0x90, 0x0F, 0x31, 0xEC });
    REQUIRE(found.size() == 2);
    CHECK(found[0].address == code_address + 6);
    CHECK(found[1].address == code_address + 8);
}
