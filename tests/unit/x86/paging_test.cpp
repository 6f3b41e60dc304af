#include "core/x86/paging.hpp"

#include "tests/catch.hpp"
#include "tests/unit/x86/test_guest.hpp"

using namespace ringside;
using namespace ringside::test;
namespace error = ringside::page_fault_error;

namespace {

constexpr uint64_t p = page_entry::present, w = page_entry::writable, u = page_entry::user, a = page_entry::accessed,
                   d = page_entry::dirty, ps = page_entry::large, g = page_entry::global, xd = page_entry::no_execute;

constexpr uint32_t address = 0x00403123; // directory entry 1, table entry 3
constexpr uint32_t frame = 0x00155000;

struct Walk32 : TestGuest {
    Walk32()
    {
        state.cr3 = directory_at;
        state.cr0 |= cr0::pg;
        set_directory(table_at | p | w | u);
        set_entry(frame | p | w | u);
    }
    void set_directory(uint64_t value) { put(directory_at + 4, static_cast<uint32_t>(value)); }
    void set_entry(uint64_t value) { put(table_at + 12, static_cast<uint32_t>(value)); }
    uint32_t directory() const { return get<uint32_t>(directory_at + 4); }
    uint32_t entry() const { return get<uint32_t>(table_at + 12); }

    PageWalk walk(Access access, Privilege privilege, AccessedDirty update = AccessedDirty::Update)
    {
        return walk_pages(memory, state, Gla { address }, access, privilege, update);
    }
    bool allows(Access access, Privilege privilege) { return walk(access, privilege, AccessedDirty::Leave).present; }
    uint32_t error_code(Access access, Privilege privilege)
    {
        auto result = walk(access, privilege);
        REQUIRE_FALSE(result.present);
        return result.error_code;
    }
};

struct WalkPae : TestGuest {
    static constexpr uint32_t pdpt_at = directory_at + 0x20, pd_at = 0xA000, pt_at = 0xB000;
    static constexpr uint32_t linear = 0x40603123; // PDPTE 1, directory entry 3, table entry 3

    WalkPae()
    {
        state.cr3 = pdpt_at;
        state.cr4 |= cr4::pae;
        state.cr0 |= cr0::pg;
        put(pdpt_at + 8, uint64_t { pd_at | p });
        put(pd_at + 24, uint64_t { pt_at | p | w | u });
        put(pt_at + 24, uint64_t { frame | p | w | u });
    }
    PageWalk walk(Access access, Privilege privilege)
    {
        return walk_pages(memory, state, Gla { linear }, access, privilege, AccessedDirty::Update);
    }
    uint32_t error_code(Access access, Privilege privilege)
    {
        auto result = walk(access, privilege);
        REQUIRE_FALSE(result.present);
        return result.error_code;
    }
    void enable_nx() { state.msrs.efer |= 1 << 11; }
};

}

TEST_CASE("Without paging a linear address is its physical address, for everyone", "[paging]")
{
    TestGuest guest;
    auto walk = walk_pages(
        guest.memory, guest.state, Gla { 0xFFFFF123 }, Access::Write, Privilege::User, AccessedDirty::Update);
    CHECK(walk.present);
    CHECK(walk.physical == Gpa { 0xFFFFF123 });
    CHECK(walk.page_bytes == 4096);
}

TEST_CASE("A 4 KiB page maps the frame of its entry and keeps the offset", "[paging]")
{
    Walk32 guest;
    auto walk = guest.walk(Access::Read, Privilege::User);
    CHECK(walk.present);
    CHECK(walk.physical == Gpa { frame + 0x123 });
    CHECK(walk.page_bytes == 4096);
    CHECK(walk.writable);
    CHECK(walk.user);
    CHECK_FALSE(walk.global);
}

TEST_CASE("A 4 MiB page needs CR4.PSE; without it the bit is ignored", "[paging]")
{
    Walk32 guest;
    guest.set_directory(0x00C00000 | p | w | u | ps);
    guest.state.cr4 |= cr4::pse;
    auto walk = guest.walk(Access::Read, Privilege::User);
    CHECK(walk.present);
    CHECK(walk.physical == Gpa { 0x00C03123 });
    CHECK(walk.page_bytes == 4u << 20);

    guest.state.cr4 = 0;
    guest.set_directory(table_at | p | w | u | ps);
    CHECK(guest.walk(Access::Read, Privilege::User).physical == Gpa { frame + 0x123 });
}

TEST_CASE("Bits 13 to 21 of a 4 MiB entry are reserved, because PSE-36 is not offered", "[paging]")
{
    Walk32 guest;
    guest.state.cr4 |= cr4::pse;
    for (unsigned bit = 12; bit <= 22; ++bit) {
        guest.set_directory(0x00C00000 | p | w | u | ps | (1u << bit));
        bool reserved = bit >= 13 && bit <= 21; // 12 is PAT, 22 part of the frame
        CHECK(guest.allows(Access::Read, Privilege::User) == !reserved);
        if (reserved)
            CHECK(guest.error_code(Access::Write, Privilege::User)
                == (error::present | error::write | error::user | error::reserved));
    }
}

TEST_CASE("A missing entry at either level is a not-present fault", "[paging]")
{
    Walk32 guest;
    SECTION("directory")
    {
        guest.set_directory(table_at | w | u);
    }
    SECTION("table")
    {
        guest.set_entry(frame | w | u);
    }
    CHECK(guest.error_code(Access::Read, Privilege::Supervisor) == 0);
    CHECK(guest.error_code(Access::Read, Privilege::User) == error::user);
    CHECK(guest.error_code(Access::Write, Privilege::Supervisor) == error::write);
    CHECK(guest.error_code(Access::Write, Privilege::User) == (error::write | error::user));
    CHECK(guest.error_code(Access::Execute, Privilege::User) == error::user); // I/D only with EFER.NXE
}

TEST_CASE("User mode needs U/S at both levels", "[paging]")
{
    Walk32 guest;
    SECTION("missing in the directory")
    {
        guest.set_directory(table_at | p | w);
    }
    SECTION("missing in the table")
    {
        guest.set_entry(frame | p | w);
    }
    CHECK(guest.error_code(Access::Read, Privilege::User) == (error::present | error::user));
    CHECK(guest.error_code(Access::Execute, Privilege::User) == (error::present | error::user));
    CHECK(guest.allows(Access::Read, Privilege::Supervisor));
    CHECK(guest.allows(Access::Write, Privilege::Supervisor));
    CHECK_FALSE(guest.walk(Access::Read, Privilege::Supervisor).user);
}

TEST_CASE("A user-mode write needs R/W at both levels, a supervisor's only with CR0.WP", "[paging]")
{
    Walk32 guest;
    SECTION("missing in the directory")
    {
        guest.set_directory(table_at | p | u);
    }
    SECTION("missing in the table")
    {
        guest.set_entry(frame | p | u);
    }
    CHECK(guest.error_code(Access::Write, Privilege::User) == (error::present | error::write | error::user));
    CHECK(guest.allows(Access::Read, Privilege::User));
    CHECK(guest.allows(Access::Write, Privilege::Supervisor));
    guest.state.cr0 |= cr0::wp;
    CHECK(guest.error_code(Access::Write, Privilege::Supervisor) == (error::present | error::write));
    CHECK_FALSE(guest.walk(Access::Read, Privilege::User).writable);
}

TEST_CASE("A walk sets accessed flags at every level, and the dirty flag only in the last and for writes", "[paging]")
{
    Walk32 guest;
    guest.walk(Access::Read, Privilege::User);
    CHECK(guest.directory() == (table_at | p | w | u | a));
    CHECK(guest.entry() == (frame | p | w | u | a));
    auto walk = guest.walk(Access::Write, Privilege::User);
    CHECK(walk.dirty);
    CHECK(guest.directory() == (table_at | p | w | u | a));
    CHECK(guest.entry() == (frame | p | w | u | a | d));
}

TEST_CASE("A 4 MiB page keeps its dirty flag in the directory entry", "[paging]")
{
    Walk32 guest;
    guest.state.cr4 |= cr4::pse;
    guest.set_directory(0x00C00000 | p | w | u | ps);
    guest.walk(Access::Write, Privilege::User);
    CHECK(guest.directory() == (0x00C00000 | p | w | u | ps | a | d));
}

TEST_CASE("Neither a faulting walk nor one that is told to leave them changes the flags", "[paging]")
{
    Walk32 guest;
    guest.walk(Access::Write, Privilege::User, AccessedDirty::Leave);
    guest.set_entry(frame | p | u);
    guest.walk(Access::Write, Privilege::User);
    CHECK(guest.directory() == (table_at | p | w | u));
    CHECK(guest.entry() == (frame | p | u));
}

TEST_CASE("The global flag counts only with CR4.PGE", "[paging]")
{
    Walk32 guest;
    guest.set_entry(frame | p | g);
    CHECK_FALSE(guest.walk(Access::Read, Privilege::Supervisor).global);
    guest.state.cr4 |= cr4::pge;
    CHECK(guest.walk(Access::Read, Privilege::Supervisor).global);
}

TEST_CASE("The highest linear page is found through the last entries", "[paging]")
{
    Walk32 guest;
    guest.put(directory_at + 0xFFC, static_cast<uint32_t>(table_at | p | w));
    guest.put(table_at + 0xFFC, static_cast<uint32_t>(frame | p | w));
    auto walk = walk_pages(
        guest.memory, guest.state, Gla { 0xFFFFFFFF }, Access::Read, Privilege::Supervisor, AccessedDirty::Leave);
    CHECK(walk.physical == Gpa { frame + 0xFFF });
}

TEST_CASE("Paging structures outside RAM read as ones", "[paging]")
{
    Walk32 guest;
    SECTION("a table there maps everyone to the last frame, and its flags are lost")
    {
        guest.set_directory(0xD0000000 | p | w | u);
        auto walk = guest.walk(Access::Write, Privilege::User);
        CHECK(walk.present);
        CHECK(walk.physical == Gpa { 0xFFFFF123 });
    }
    SECTION("a directory there leads to a table there")
    {
        guest.state.cr3 = 0xD0000000;
        CHECK(guest.walk(Access::Read, Privilege::User).physical == Gpa { 0xFFFFF123 });
    }
    SECTION("a directory there has reserved bits set with PSE")
    {
        guest.state.cr3 = 0xD0000000;
        guest.state.cr4 |= cr4::pse;
        CHECK(guest.error_code(Access::Read, Privilege::User) == (error::present | error::user | error::reserved));
    }
    SECTION("the graphics window in the middle of memory is outside RAM too")
    {
        guest.set_directory(0xA0000 | p | w | u);
        CHECK(guest.walk(Access::Read, Privilege::User).physical == Gpa { 0xFFFFF123 });
    }
}

TEST_CASE("PAE maps 4 KiB pages through three levels", "[paging]")
{
    WalkPae guest;
    auto walk = guest.walk(Access::Write, Privilege::User);
    CHECK(walk.present);
    CHECK(walk.physical == Gpa { frame + 0x123 });
    CHECK(walk.page_bytes == 4096);
    CHECK(guest.get<uint64_t>(WalkPae::pdpt_at + 8) == (WalkPae::pd_at | p)); // no accessed flag there
    CHECK(guest.get<uint64_t>(WalkPae::pd_at + 24) == (WalkPae::pt_at | p | w | u | a));
    CHECK(guest.get<uint64_t>(WalkPae::pt_at + 24) == (frame | p | w | u | a | d));
}

TEST_CASE("PAE maps 2 MiB pages without CR4.PSE, and frames above 4 GiB", "[paging]")
{
    WalkPae guest;
    guest.put(WalkPae::pd_at + 24, uint64_t { 0xF'00200000 | p | w | u | ps });
    auto walk = guest.walk(Access::Read, Privilege::User);
    CHECK(walk.present);
    CHECK(walk.physical == Gpa { 0xF'00203123 });
    CHECK(walk.page_bytes == 2u << 20);
}

TEST_CASE("PAE faults on a missing entry at each level", "[paging]")
{
    WalkPae guest;
    SECTION("pointer")
    {
        guest.put(WalkPae::pdpt_at + 8, uint64_t { WalkPae::pd_at });
    }
    SECTION("directory")
    {
        guest.put(WalkPae::pd_at + 24, uint64_t { WalkPae::pt_at | w | u });
    }
    SECTION("table")
    {
        guest.put(WalkPae::pt_at + 24, uint64_t { frame | w | u });
    }
    CHECK(guest.error_code(Access::Write, Privilege::User) == (error::write | error::user));
}

TEST_CASE("PAE entries have reserved bits", "[paging]")
{
    WalkPae guest;
    SECTION("pointer: rights bits")
    {
        guest.put(WalkPae::pdpt_at + 8, uint64_t { WalkPae::pd_at | p | w });
    }
    SECTION("pointer: address beyond 36 bits")
    {
        guest.put(WalkPae::pdpt_at + 8, uint64_t { WalkPae::pd_at | p | 1ull << 36 });
    }
    SECTION("directory: address beyond 36 bits")
    {
        guest.put(WalkPae::pd_at + 24, uint64_t { WalkPae::pt_at | p | w | u | 1ull << 36 });
    }
    SECTION("directory: execute-disable without EFER.NXE")
    {
        guest.put(WalkPae::pd_at + 24, uint64_t { WalkPae::pt_at | p | w | u | xd });
    }
    SECTION("directory: low frame bits of a 2 MiB page")
    {
        guest.put(WalkPae::pd_at + 24, uint64_t { 0x00200000 | p | w | u | ps | 1u << 13 });
    }
    SECTION("table: bit 62")
    {
        guest.put(WalkPae::pt_at + 24, uint64_t { frame | p | w | u | 1ull << 62 });
    }
    CHECK(guest.error_code(Access::Read, Privilege::User) == (error::present | error::user | error::reserved));
}

TEST_CASE("PAE grants user and write access only where directory and table both do", "[paging]")
{
    WalkPae guest;
    guest.put(WalkPae::pd_at + 24, uint64_t { WalkPae::pt_at | p | u });
    CHECK(guest.error_code(Access::Write, Privilege::User) == (error::present | error::write | error::user));
    guest.put(WalkPae::pd_at + 24, uint64_t { WalkPae::pt_at | p | w });
    CHECK(guest.error_code(Access::Read, Privilege::User) == (error::present | error::user));
    CHECK(guest.walk(Access::Write, Privilege::Supervisor).present);
}

TEST_CASE("Execute-disable at any level stops fetches, in ring 0 too, and the error code says fetch", "[paging]")
{
    WalkPae guest;
    guest.enable_nx();
    SECTION("directory")
    {
        guest.put(WalkPae::pd_at + 24, uint64_t { WalkPae::pt_at | p | w | u | xd });
    }
    SECTION("table")
    {
        guest.put(WalkPae::pt_at + 24, uint64_t { frame | p | w | u | xd });
    }
    CHECK(guest.error_code(Access::Execute, Privilege::User) == (error::present | error::user | error::fetch));
    CHECK(guest.error_code(Access::Execute, Privilege::Supervisor) == (error::present | error::fetch));
    CHECK(guest.walk(Access::Write, Privilege::User).present);
    CHECK_FALSE(guest.walk(Access::Read, Privilege::User).executable);
}

TEST_CASE("With EFER.NXE a fetch from a missing page says fetch", "[paging]")
{
    WalkPae guest;
    guest.enable_nx();
    guest.put(WalkPae::pt_at + 24, uint64_t { 0 });
    CHECK(guest.error_code(Access::Execute, Privilege::User) == (error::user | error::fetch));
    CHECK(guest.error_code(Access::Read, Privilege::User) == error::user);
}

TEST_CASE("A PAE pointer table outside RAM has reserved bits set", "[paging]")
{
    WalkPae guest;
    guest.state.cr3 = 0xD0000000;
    CHECK(guest.error_code(Access::Read, Privilege::User) == (error::present | error::user | error::reserved));
}
