// The validator lets pass what the translator emits, and nothing that leads out of the cache.
#include "strategies/rewriting/translator.hpp"
#include "strategies/rewriting/validator.hpp"
#include "tests/catch.hpp"

#include <fmt/format.h>
#include <initializer_list>
#include <vector>

using namespace ringside;
using namespace ringside::rewriting;

namespace {

const MonitorArea& area()
{
    static const MonitorArea made = [] {
        auto created = MonitorArea::create();
        REQUIRE(created);
        return std::move(*created);
    }();
    return made;
}

std::string verdict(std::vector<uint8_t> bytes, CodeRing ring = CodeRing::Ring0)
{
    return validate(area(), ring, area().code_begin(ring) + 0x1000, bytes);
}

std::vector<uint8_t> with_word(std::initializer_list<uint8_t> begin, uint32_t word, std::initializer_list<uint8_t> end = {})
{
    std::vector<uint8_t> bytes(begin);
    for (unsigned shift = 0; shift < 32; shift += 8)
        bytes.push_back(static_cast<uint8_t>(word >> shift));
    bytes.insert(bytes.end(), end);
    return bytes;
}

std::string translated(
    std::vector<uint8_t> code, CodeRing ring, bool checks, TimeStampReading reading = TimeStampReading::Native)
{
    code.resize(code.size() + longest_instruction, 0xF4);
    TranslationRequest request;
    request.key = { 0x100000, 0x100, ring };
    request.mode.osfxsr = true;
    request.mode.time_stamp = reading;
    request.checks = checks;
    request.code = code;
    request.in_page = code.size();
    request.id = 1;
    request.host = area().code_begin(ring) + 0x1000;
    auto made = translate(area(), request);
    REQUIRE(made.block.instructions.size() > 0);
    return validate(area(), ring, request.host, made.bytes);
}

}

TEST_CASE("The validator refuses what leads out of the cache", "[rewriting]")
{
    CHECK(verdict({ 0xCD, 0x80 }) != "");                                          // int
    CHECK(verdict({ 0xCC }) != "");                                                // int3
    CHECK(verdict({ 0x0F, 0x34 }) != "");                                          // sysenter
    CHECK(verdict({ 0x0F, 0x05 }) != "");                                          // syscall
    CHECK(verdict({ 0xC3 }) != "");                                                // ret
    CHECK(verdict({ 0xCB }) != "");                                                // lret
    CHECK(verdict({ 0xCF }) != "");                                                // iret
    CHECK(verdict({ 0xFF, 0xE0 }) != "");                                          // jmp *%eax
    CHECK(verdict({ 0xFF, 0xD0 }) != "");                                          // call *%eax
    CHECK(verdict({ 0xFF, 0x28 }) != "");                                          // ljmp *(%eax)
    CHECK(verdict({ 0xE8, 0, 0, 0, 0 }) != "");                                    // call
    CHECK(verdict({ 0x0F, 0x08 }) != "");                                          // invd
    CHECK(verdict({ 0x8E, 0xD8 }) != "");                                          // mov %eax, %ds
    CHECK(verdict({ 0x8E, 0xE0 }) != "");                                          // mov %eax, %fs
    CHECK(verdict({ 0x1F }) != "");                                                // pop %ds
    CHECK(verdict({ 0xC5, 0x00 }) != "");                                          // lds
    CHECK(verdict({ 0x65, 0x8B, 0x06 }) != "");                                    // mov %gs:(%esi), %eax
    CHECK(verdict({ 0x0F }) != "");                                                // cut off
    CHECK(verdict(with_word({ 0xEA }, area().gate(), { 0x23, 0 })) != "");         // another selector
    CHECK(verdict(with_word({ 0xEA }, area().gate() + 6, { 0x33, 0 })) != "");     // another place
    CHECK(verdict(with_word({ 0xE9 }, 0x7000000)) != "");                          // jmp, far away
    CHECK(verdict(with_word({ 0x65, 0xFF, 0x24, 0x8D }, area().entry_table(CodeRing::Ring3))) != ""); // the other table
    CHECK(verdict(with_word({ 0xFF, 0x24, 0x8D }, area().entry_table(CodeRing::Ring0))) != "");       // the guest's segment
}

TEST_CASE("The validator lets pass what translations need", "[rewriting]")
{
    CHECK(verdict({ 0x01, 0xC8, 0x89, 0x03 }) == "");
    CHECK(verdict({ 0xEB, 0x10 }) == "");
    CHECK(verdict({ 0xF4 }) == ""); // a fault that asks for the monitor
    CHECK(verdict(with_word({ 0xEA }, area().gate(), { 0x33, 0 })) == "");
    CHECK(verdict(with_word({ 0x65, 0xFF, 0x24, 0x8D }, area().entry_table(CodeRing::Ring0))) == "");
}

TEST_CASE("The validator finds nothing in translations of every kind of instruction", "[rewriting]")
{
    // Each followed by HLT. The sensitive ones, branches, segments, floating point, and what is undefined.
    const std::vector<std::vector<uint8_t>> codes { { 0xFA }, { 0xFB }, { 0x9C }, { 0x9D }, { 0xC3 }, { 0xC2, 8, 0 },
        { 0xE8, 1, 0, 0, 0 }, { 0xFF, 0xD3 }, { 0xFF, 0x65, 8 }, { 0x75, 5 }, { 0xE2, 0xFE }, { 0xE3, 4 }, { 0xCD, 0x80 },
        { 0xCC }, { 0xCF }, { 0xCB }, { 0x8E, 0xD8 }, { 0x8C, 0xD8 }, { 0x1E }, { 0x1F }, { 0x0F, 0x20, 0xC0 },
        { 0x0F, 0x22, 0xC0 }, { 0x65, 0x8B, 0x06 }, { 0x64, 0x89, 0x06 }, { 0x65, 0xFF, 0x23 }, { 0x0F, 0x34 },
        { 0x0F, 0x05 }, { 0x0F, 0xA2 }, { 0x0F, 0x31 }, { 0xEC }, { 0x0F, 0x01, 0x10 }, { 0xD9, 0xE8 },
        { 0x0F, 0x28, 0xC1 }, { 0x0F, 0x0B }, { 0xC5, 0xF8, 0x77 }, { 0xEA, 0, 0, 0, 0, 8, 0 }, { 0x2E, 0x8B, 0x06 },
        { 0x66, 0xC3 }, { 0x67, 0xE2, 0xFD }, { 0xF3, 0xA4 }, { 0xC8, 8, 0, 3 }, { 0x0F, 0xA1 }, { 0x0F, 0xA9 } };
    for (const auto& code : codes) {
        for (auto ring : { CodeRing::Ring0, CodeRing::Ring3 }) {
            for (bool checks : { false, true }) {
                INFO(fmt::format("{:02x}", code.front()) << " " << (ring == CodeRing::Ring3 ? 3 : 0) << " " << checks);
                CHECK(translated(code, ring, checks) == "");
            }
        }
    }
}

TEST_CASE("The validator finds nothing in translations of RDTSC of any kind", "[rewriting]")
{
    using enum TimeStampReading;
    for (auto reading : { Native, Inline, Callout, Trap }) {
        for (auto ring : { CodeRing::Ring0, CodeRing::Ring3 }) {
            for (bool checks : { false, true }) {
                INFO(static_cast<int>(reading) << " " << (ring == CodeRing::Ring3 ? 3 : 0) << " " << checks);
                CHECK(translated({ 0x0F, 0x31 }, ring, checks, reading) == "");
            }
        }
    }
}
