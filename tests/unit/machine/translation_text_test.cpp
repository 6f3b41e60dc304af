#include "core/machine/translation_text.hpp"

#include "core/session/listing_codec.hpp"
#include "tests/catch.hpp"
#include "tests/support/text.hpp"

#include <random>

using namespace ringside;

namespace {

constexpr uint32_t at = 0x100000, host = 0xFE100020, saved = 0xFE001000, gate = 0xFE000000;

// nop; cli; jmp +0x10, translated as the strategy might.
TranslationListing sample()
{
    TranslationListing listing;
    listing.treatments = { "identical", "control flow", "inline" };
    listing.by_treatment = { 1, 1, 1 };
    listing.reasons = { "The same.", "Goes to the translation of its target and so on for more than one line.", "" };
    listing.places = { { "saved_ecx", saved, 4 }, { "monitor", gate, 1 } };
    listing.counters = { 1234, 3, 4, 40, 0, 1, 0, 0, 0, 5, 6, 7, 8, 9, 10, 11, UINT64_MAX };
    listing.callers = { { "OUT", 17 }, { "POP Sreg", UINT64_MAX }, { std::string(32, 'x'), UINT64_MAX } };
    TranslatedBlock block;
    block.address = at;
    block.host = host;
    block.active = true;
    block.body = 7;
    block.stubs = 20;
    block.source = { 0x90, 0xFA, 0xEB, 0x10 };
    block.translation = { 0x65, 0x89, 0x0D, 0x00, 0x10, 0x00, 0xFE, // mov %ecx, %gs:saved
        0x90, 0x65, 0x89, 0x0D, 0x00, 0x10, 0x00, 0xFE,             // nop; the same
        0xE9, 0x00, 0x00, 0x00, 0x00,                               // jmp to the stub
        0xEA, 0x00, 0x00, 0x00, 0xFE, 0x33, 0x00 };                 // far jmp to the gate
    block.instructions = { { 0, 7, 1, 0, 0 }, { 1, 8, 1, 2, 2 }, { 2, 15, 2, 1, 1 } };
    listing.blocks = { block };
    return listing;
}

const SymbolTable& symbols()
{
    static const SymbolTable table({ { "start", at, 4 }, { "behind", at + 0x10, 8 } });
    return table;
}

}

TEST_CASE("a block shows the guest's instructions, what became of them, and the host's, side by side", "[disasm]")
{
    auto listing = sample();
    auto pairs = TranslationText(listing, symbols()).pairs(listing.blocks[0]);
    REQUIRE(pairs.size() == 5); // the way in, three instructions, the stub
    CHECK(pairs[0].guest.empty());
    CHECK(pairs[1].guest == "nop");
    CHECK(pairs[1].note.empty());
    CHECK(pairs[1].host.at(0).text == "nop");
    CHECK(pairs[2].address == at + 1);
    CHECK(pairs[2].host.at(0).text == "mov gs:[saved_ecx], ecx");
    CHECK(pairs[3].guest == "jmp behind+0x4");
    CHECK(pairs[3].note.starts_with("control flow: Goes to"));
    CHECK(pairs[3].host.at(0).text == "jmp +014");
    CHECK(pairs[4].host.at(0).text == "jmp far monitor");
}

TEST_CASE("a listing fits 80 columns, and has color only where it is wanted", "[disasm]")
{
    auto listing = sample();
    TranslationText text(listing, symbols());
    auto plain = text.block(listing.blocks[0], {});
    CHECK(plain.starts_with("00100000  start  ring 0, 4 to 27 bytes\n"));
    CHECK(plain.find("  00100000  nop                         +007  nop\n") != std::string::npos);
    CHECK(test::widest_line(plain) <= 80);
    CHECK(plain.find('\x1B') == std::string::npos);
    CHECK(text.block(listing.blocks[0], { .color = true }).find('\x1B') != std::string::npos);
}

TEST_CASE("the kernel's symbols do not name the addresses of programs", "[disasm]")
{
    auto listing = sample();
    listing.blocks[0].ring = 3;
    TranslationText text(listing, symbols());
    CHECK(text.symbol_of(listing.blocks[0]).empty());
    CHECK(text.pairs(listing.blocks[0])[3].guest == "jmp 0x00100014");
}

TEST_CASE("long text is broken between words, or where it must be", "[disasm]")
{
    CHECK(broken_into_lines("", 5).empty());
    CHECK(broken_into_lines("one two", 5) == std::vector<std::string> { "one", "two" });
    CHECK(broken_into_lines("abcdefgh i", 5) == std::vector<std::string> { "abcde", "fgh i" });
}

TEST_CASE("a listing arrives as it was sent", "[disasm][session]")
{
    auto read = decode_listing(encode(sample()));
    REQUIRE(read);
    CHECK(*read == sample());
}

TEST_CASE("a listing whose offsets lead out of its bytes, or that is out of bounds, is none", "[disasm][session]")
{
    auto listing = sample();
    auto& block = listing.blocks[0];
    SECTION("source")
    {
        block.instructions[2].length = 3;
    }
    SECTION("translation")
    {
        block.stubs = 28;
    }
    SECTION("behind the stubs")
    {
        block.instructions[2].host_offset = 21;
    }
    SECTION("not ascending")
    {
        block.instructions[0].host_offset = 9;
    }
    SECTION("no such reason")
    {
        block.instructions[0].reason = 3;
    }
    SECTION("no such treatment")
    {
        block.instructions[0].treatment = 3;
    }
    SECTION("an instruction's name that no line holds")
    {
        listing.callers[0].name = std::string(33, 'x');
    }
    CHECK_FALSE(decode_listing(encode(listing)));
}

TEST_CASE("whatever bytes claim to be a listing, what is accepted can be shown", "[disasm][session]")
{
    std::mt19937 random(7);
    auto bytes = encode(sample());
    unsigned accepted = 0;
    for (int round = 0; round < 20'000; ++round) {
        auto damaged = bytes;
        for (unsigned i = 0; i < 1 + random() % 3; ++i)
            damaged[random() % damaged.size()] = static_cast<std::byte>(random());
        if (random() % 8 == 0)
            damaged.resize(random() % damaged.size());
        auto listing = decode_listing(damaged);
        if (!listing)
            continue;
        ++accepted;
        TranslationText text(*listing, symbols());
        for (const auto& block : listing->blocks)
            CHECK(test::widest_line(text.block(block, {})) <= 80);
    }
    CHECK(accepted > 100);
}
