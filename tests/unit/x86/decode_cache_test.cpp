#include "core/x86/decode_cache.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

struct CachedGuest : TestGuest {
    DecodeCache cache;

    ZydisMnemonic mnemonic()
    {
        const auto* found = cache.find(memory, state);
        return found ? found->info.mnemonic : ZYDIS_MNEMONIC_INVALID;
    }
};

}

TEST_CASE("An instruction is found again, and the same decoding of it", "[decode-cache]")
{
    CachedGuest guest;
    guest.put_code({ 0xFA });
    const auto* first = guest.cache.find(guest.memory, guest.state);
    REQUIRE(first);
    CHECK(first->info.mnemonic == ZYDIS_MNEMONIC_CLI);
    CHECK(guest.cache.find(guest.memory, guest.state) == first);
}

TEST_CASE("Code that changes is decoded anew, whoever changed it", "[decode-cache]")
{
    CachedGuest guest;
    guest.put_code({ 0x83, 0xC0, 0x01 }); // add eax, 1
    CHECK(guest.mnemonic() == ZYDIS_MNEMONIC_ADD);
    guest.put<uint8_t>(code_at + 2, 0x02);
    CHECK(guest.cache.find(guest.memory, guest.state)->operands[1].imm.value.u == 2);
    guest.put_code({ 0xF4 });
    CHECK(guest.mnemonic() == ZYDIS_MNEMONIC_HLT);
}

TEST_CASE("Another page at the same address is other code", "[decode-cache]")
{
    CachedGuest guest;
    guest.enable_paging();
    guest.put_code({ 0xFA });
    CHECK(guest.mnemonic() == ZYDIS_MNEMONIC_CLI);
    guest.put<uint8_t>(0x70000, 0xFB);
    guest.set_page(code_at, 0x70000 | 7);
    CHECK(guest.mnemonic() == ZYDIS_MNEMONIC_STI);
    guest.unmap(code_at);
    CHECK_FALSE(guest.cache.find(guest.memory, guest.state));
    CHECK(guest.cache.fault() == page_fault(0, Gla { code_at }));
}

TEST_CASE("The same bytes in another mode are another instruction", "[decode-cache]")
{
    CachedGuest guest;
    guest.put_code({ 0xB8, 0x78, 0x56, 0x34, 0x12 });
    CHECK(guest.cache.find(guest.memory, guest.state)->length() == 5);
    guest.state.segment(Cs).attributes &= static_cast<uint16_t>(~Segment::default_big);
    CHECK(guest.cache.find(guest.memory, guest.state)->length() == 3);
}

TEST_CASE("A known instruction is still checked against limit and page rights", "[decode-cache]")
{
    CachedGuest guest;
    guest.enable_paging();
    guest.put_code({ 0x83, 0xC0, 0x01 });
    CHECK(guest.mnemonic() == ZYDIS_MNEMONIC_ADD);
    guest.state.segment(Cs).limit = code_at + 1;
    CHECK(guest.mnemonic() == ZYDIS_MNEMONIC_INVALID);
    CHECK(guest.cache.fault() == fault_with_code(GP, 0));
    guest.state.segment(Cs).limit = 0xFFFFFFFF;
    CHECK(guest.mnemonic() == ZYDIS_MNEMONIC_ADD);
    guest.enter_ring(3);
    guest.set_page(code_at, code_at | 3);
    CHECK(guest.mnemonic() == ZYDIS_MNEMONIC_INVALID);
    CHECK(guest.cache.fault() == page_fault(page_fault_error::user | page_fault_error::present, Gla { code_at }));
}

TEST_CASE("Instructions across two pages, and bytes that are none, are right each time", "[decode-cache]")
{
    CachedGuest guest;
    guest.enable_paging();
    guest.state.eip = code_at + page_size - 2;
    guest.put_code({ 0x81, 0xC0, 0x78, 0x56, 0x34, 0x12 });
    for (int i = 0; i < 2; ++i)
        CHECK(guest.mnemonic() == ZYDIS_MNEMONIC_ADD);
    guest.put<uint8_t>(code_at + page_size, 0x79);
    CHECK(guest.cache.find(guest.memory, guest.state)->operands[1].imm.value.u == 0x12345679);
    guest.unmap(code_at + page_size);
    CHECK(guest.mnemonic() == ZYDIS_MNEMONIC_INVALID);
    guest.put_code({ 0x0F, 0x04 });
    CHECK(guest.mnemonic() == ZYDIS_MNEMONIC_INVALID);
}

TEST_CASE("Two instructions that share an entry take turns", "[decode-cache]")
{
    CachedGuest guest;
    constexpr uint32_t step = 1024; // entries in the cache
    for (int round = 0; round < 2; ++round) {
        for (uint32_t i = 0; i < 8; ++i) {
            guest.state.eip = 0x100000 + i * step;
            guest.put_code({ 0xB8, static_cast<uint8_t>(i), 0, 0, 0 });
            CHECK(guest.cache.find(guest.memory, guest.state)->operands[1].imm.value.u == i);
        }
    }
}
