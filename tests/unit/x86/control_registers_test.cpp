#include "core/x86/control_registers.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

using namespace ringside;
using namespace ringside::test;

namespace {

struct Loading : TestGuest {
    MaybeFault check(std::initializer_list<uint8_t> bytes, uint32_t eax)
    {
        put_code(bytes);
        auto decoded = decode_instruction(memory, state);
        REQUIRE_FALSE(decoded.fault);
        state.gpr[Eax] = eax;
        return check_system_register(state, decoded.instruction);
    }
};

constexpr auto general_protection = [] { return fault_with_code(GP, 0); };

}

TEST_CASE("CR0 refuses paging without protection and NW without CD", "[control-registers]")
{
    Loading guest;
    auto mov_cr0_eax = { uint8_t { 0x0F }, uint8_t { 0x22 }, uint8_t { 0xC0 } };
    CHECK(guest.check(mov_cr0_eax, cr0::pg) == general_protection());
    CHECK(guest.check(mov_cr0_eax, cr0::pe | cr0::nw) == general_protection());
    CHECK_FALSE(guest.check(mov_cr0_eax, cr0::pe | cr0::pg));
    CHECK_FALSE(guest.check(mov_cr0_eax, cr0::pe | cr0::nw | cr0::cd));
}

TEST_CASE("CR4 refuses bits that it does not have", "[control-registers]")
{
    Loading guest;
    auto mov_cr4_eax = { uint8_t { 0x0F }, uint8_t { 0x22 }, uint8_t { 0xE0 } };
    CHECK(guest.check(mov_cr4_eax, 1u << 31) == general_protection());
    CHECK(guest.check(mov_cr4_eax, 1u << 11) == general_protection());
    CHECK_FALSE(guest.check(mov_cr4_eax, cr4::pse | cr4::pae | cr4::pge | cr4::osfxsr | cr4::osxmmexcpt));
}

TEST_CASE("LTR refuses a null selector, whatever its RPL", "[control-registers]")
{
    Loading guest;
    auto ltr_ax = { uint8_t { 0x0F }, uint8_t { 0x00 }, uint8_t { 0xD8 } };
    CHECK(guest.check(ltr_ax, 0) == general_protection());
    CHECK(guest.check(ltr_ax, 3) == general_protection());
    CHECK_FALSE(guest.check(ltr_ax, 0x28));
}

TEST_CASE("Other instructions and other registers are let pass", "[control-registers]")
{
    Loading guest;
    CHECK_FALSE(guest.check({ 0x0F, 0x22, 0xD8 }, 0xFFFFFFFF)); // mov cr3, eax
    CHECK_FALSE(guest.check({ 0x0F, 0x20, 0xC0 }, 0));          // mov eax, cr0
    CHECK_FALSE(guest.check({ 0x89, 0xC1 }, 0));                // mov ecx, eax
}
