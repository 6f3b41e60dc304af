// The virtual TLB against the guest's page tables: what is mapped in the window, with what rights, and until when.
#include "strategies/native/virtual_tlb.hpp"
#include "tests/unit/native/probing.hpp"

#include <cstring>
#include <optional>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr uint32_t present = 1, writable = 2, user = 4, accessed = 0x20, dirty = 0x40, large = 0x80, global = 0x100;
constexpr uint32_t directory = 0x1000, table = 0x2000, other_directory = 0x3000, other_table = 0x4000;
constexpr uint32_t base = 0x40000000; // where `table` maps

uint32_t host_word(uint32_t address)
{
    uint32_t value = 0;
    std::memcpy(&value, reinterpret_cast<const void*>(uint64_t { address }), sizeof(value));
    return value;
}

struct World {
    World()
        : memory(std::move(*GuestMemory::create(8 * mebibyte)))
        , window(std::move(*Window::reserve()))
        , tlb(memory, window)
    {
        state.cr0 = cr0::pe | cr0::pg | cr0::wp;
        state.cr3 = directory;
        write(directory + (base >> 22) * 4, table | present | writable | user);
        write(other_directory + (base >> 22) * 4, other_table | present | writable | user | accessed);
    }

    void write(uint32_t address, uint32_t value) { REQUIRE(memory.write(Gpa { address }, value)); }
    uint32_t read(uint32_t address) { return memory.read<uint32_t>(Gpa { address }).value_or(0xDEADBEEF); }
    void entry(uint32_t page, uint32_t value, uint32_t in = table) { write(in + page * 4, value); }
    static uint32_t at(uint32_t page) { return base + page * page_size; }

    TlbFill fill(uint32_t address, Access access, Privilege privilege = Privilege::Supervisor)
    {
        return tlb.fill(state, Gla { address }, access, privilege);
    }

    GuestMemory memory;
    Window window;
    CpuState state;
    VirtualTlb tlb;
};

}

TEST_CASE("A fill maps the page that the guest's tables name, and sets their flags", "[native]")
{
    if (!native_available())
        return;
    World world;
    world.entry(3, 0x100000 | present | writable | user);
    world.write(0x100010, 0x12345678);

    CHECK_FALSE(can_read(World::at(3)));
    auto filled = world.fill(World::at(3) + 0x10, Access::Read);
    CHECK(filled.outcome == TlbFill::Outcome::Mapped);
    CHECK(host_word(World::at(3) + 0x10) == 0x12345678);
    CHECK((world.read(table + 3 * 4) & (accessed | dirty)) == accessed);

    SECTION("the first write to a clean page comes to the monitor, which sets the dirty flag")
    {
        CHECK_FALSE(can_write(World::at(3)));
        CHECK(world.fill(World::at(3), Access::Write).outcome == TlbFill::Outcome::Mapped);
        CHECK(can_write(World::at(3)));
        CHECK((world.read(table + 3 * 4) & dirty) == dirty);
    }
    SECTION("a change of the entry is not noticed before INVLPG, and is afterwards")
    {
        world.entry(3, 0x101000 | present | writable | user);
        world.write(0x101010, 0x87654321);
        CHECK(host_word(World::at(3) + 0x10) == 0x12345678);
        world.tlb.invalidate_page(world.state, Gla { World::at(3) });
        CHECK_FALSE(can_read(World::at(3)));
        CHECK(world.fill(World::at(3), Access::Read).outcome == TlbFill::Outcome::Mapped);
        CHECK(host_word(World::at(3) + 0x10) == 0x87654321);
    }
    SECTION("INVLPG maps the new frame at once where that sets no flag")
    {
        world.entry(3, 0x101000 | present | writable | user | accessed | dirty);
        world.write(0x101010, 0x87654321);
        world.tlb.invalidate_page(world.state, Gla { World::at(3) });
        CHECK(host_word(World::at(3) + 0x10) == 0x87654321);
    }
    SECTION("a flush takes everything")
    {
        world.tlb.flush();
        CHECK_FALSE(can_read(World::at(3)));
        CHECK(world.tlb.mapped_pages() == 0);
    }
}

TEST_CASE("What the guest's tables do not allow is the guest's own page fault", "[native]")
{
    if (!native_available())
        return;
    World world;
    world.entry(0, 0x100000 | present);
    auto absent = world.fill(World::at(1), Access::Write, Privilege::User);
    CHECK(absent.outcome == TlbFill::Outcome::PageFault);
    CHECK(absent.error_code == (page_fault_error::write | page_fault_error::user));
    auto of_the_kernel = world.fill(World::at(0), Access::Read, Privilege::User);
    CHECK(of_the_kernel.outcome == TlbFill::Outcome::PageFault);
    CHECK(of_the_kernel.error_code == (page_fault_error::present | page_fault_error::user));
    CHECK(world.fill(World::at(0), Access::Write).outcome == TlbFill::Outcome::PageFault);

    SECTION("without CR0.WP ring 0 may write to a read-only page: by emulation, the page stays read-only")
    {
        world.state.cr0 &= ~cr0::wp;
        CHECK(world.fill(World::at(0), Access::Write).outcome == TlbFill::Outcome::Emulate);
        CHECK(world.fill(World::at(0), Access::Read).outcome == TlbFill::Outcome::Mapped);
        CHECK_FALSE(can_write(World::at(0)));
    }
}

TEST_CASE("What is not RAM is never mapped", "[native]")
{
    if (!native_available())
        return;
    World world;
    for (uint32_t frame : { 0xFEE00000u, 0xA0000u, 0x00800000u, 0xFFFFF000u }) {
        world.entry(5, frame | present | writable | user | accessed | dirty);
        CHECK(world.fill(World::at(5), Access::Write).outcome == TlbFill::Outcome::Emulate);
        CHECK_FALSE(can_read(World::at(5)));
    }
}

TEST_CASE("A fill takes neighbors along whose flags are set already", "[native]")
{
    if (!native_available())
        return;
    World world;
    for (uint32_t page = 0; page < 64; ++page)
        world.entry(page, (0x100000 + page * page_size) | present | writable | user | accessed | dirty);
    world.entry(37, (0x100000 + 37 * page_size) | present | writable | user); // not accessed yet
    SECTION("consecutive frames with the same rights, 16 pages to each side")
    {
        auto filled = world.fill(World::at(30), Access::Write);
        CHECK(filled.pages == 16 + 1 + 6);
        CHECK(can_write(World::at(14)));
        CHECK(can_write(World::at(36)));
        CHECK_FALSE(can_read(World::at(13)));
        CHECK_FALSE(can_read(World::at(37)));
        CHECK((world.read(table + 37 * 4) & accessed) == 0);
    }
    SECTION("not a page with other rights, nor one whose frame lies elsewhere")
    {
        world.entry(28, (0x100000 + 28 * page_size) | present | user | accessed | dirty);
        world.entry(32, 0x200000 | present | writable | user | accessed | dirty);
        CHECK(world.fill(World::at(30), Access::Write).pages == 3);
    }
    SECTION("none when that is switched off")
    {
        world.tlb.tuning().fill_around = false;
        CHECK(world.fill(World::at(30), Access::Write).pages == 1);
    }
}

TEST_CASE("A 4 MiB page is mapped as a whole and invalidated as a whole", "[native]")
{
    if (!native_available())
        return;
    World world;
    world.state.cr4 = cr4::pse;
    world.write(directory + (base >> 22) * 4, 0x00400000 | present | writable | user | large);
    world.write(0x00400000 + 0x3FF000, 0xABCD);
    CHECK(world.fill(base + 0x12345, Access::Write).pages == 1024);
    CHECK(host_word(base + 0x3FF000) == 0xABCD);
    world.tlb.invalidate_page(world.state, Gla { base + 0x200000 });
    CHECK_FALSE(can_read(base));
    CHECK_FALSE(can_read(base + 0x3FF000));
}

TEST_CASE("A load of CR3 keeps what is still true and global pages, and nothing else", "[native]")
{
    if (!native_available())
        return;
    bool replace = GENERATE(true, false);
    World world;
    world.tlb.tuning().replace = replace;
    world.state.cr4 = cr4::pge;
    constexpr uint32_t used = present | writable | user | accessed | dirty;
    world.entry(0, 0x100000 | used);
    world.entry(2, 0x110000 | used);
    world.entry(4, 0x120000 | used);
    world.entry(6, 0x130000 | used | global);
    for (uint32_t page : { 0u, 2u, 4u, 6u })
        REQUIRE(world.fill(World::at(page), Access::Write).outcome == TlbFill::Outcome::Mapped);
    world.entry(0, 0x100000 | used, other_table);
    world.entry(2, 0x140000 | used, other_table);
    world.write(0x140000, 0x1111);
    world.write(0x100000, 0x2222);
    world.state.cr3 = other_directory;
    world.tlb.load_page_directory(world.state);

    CHECK(host_word(World::at(0)) == 0x2222);
    CHECK(can_read(World::at(6)));
    CHECK_FALSE(can_read(World::at(4)));
    CHECK(can_read(World::at(2)) == replace);
    if (replace)
        CHECK(host_word(World::at(2)) == 0x1111);
}

TEST_CASE("An entry that lost a right loses it with the next load of CR3", "[native]")
{
    if (!native_available())
        return;
    World world;
    constexpr uint32_t used = present | writable | user | accessed | dirty;
    world.entry(0, 0x100000 | used);
    REQUIRE(world.fill(World::at(0), Access::Write).outcome == TlbFill::Outcome::Mapped);
    world.entry(0, 0x100000 | (used & ~writable));
    world.tlb.load_page_directory(world.state);
    CHECK(can_read(World::at(0)));
    CHECK_FALSE(can_write(World::at(0)));
    world.entry(0, 0x100000 | (used & ~accessed));
    world.tlb.load_page_directory(world.state);
    CHECK_FALSE(can_read(World::at(0)));
}

TEST_CASE("Before ring 3 runs, pages of ring 0 below the boundary go", "[native]")
{
    if (!native_available())
        return;
    World world;
    constexpr uint32_t kernel = present | writable | accessed | dirty;
    world.entry(0, 0x100000 | kernel | user);
    world.entry(9, 0x110000 | kernel);
    world.entry(10, 0x111000 | kernel);
    world.tlb.hide_supervisor_pages(uint64_t { base } + 0x400000);
    for (uint32_t page : { 0u, 9u })
        REQUIRE(world.fill(World::at(page), Access::Write).outcome == TlbFill::Outcome::Mapped);
    SECTION("with a boundary above them")
    {
        world.tlb.hide_supervisor_pages(uint64_t { base } + 0x400000);
        CHECK(can_read(World::at(0)));
        CHECK_FALSE(can_read(World::at(9)));
        CHECK_FALSE(can_read(World::at(10)));
    }
    SECTION("with a boundary that has moved up")
    {
        world.tlb.hide_supervisor_pages(uint64_t { base });
        CHECK(can_read(World::at(9)));
        world.tlb.hide_supervisor_pages(uint64_t { base } + 0x400000);
        CHECK(can_read(World::at(0)));
        CHECK_FALSE(can_read(World::at(9)));
    }
}

TEST_CASE("Concealed pages cannot be touched, and have their old rights when ring 0 touches them", "[native]")
{
    if (!native_available())
        return;
    World world;
    world.entry(0, 0x100000 | present | writable | accessed | dirty);
    world.entry(1, 0x110000 | present | accessed);
    REQUIRE(world.fill(World::at(0), Access::Write).outcome == TlbFill::Outcome::Mapped);
    REQUIRE(world.fill(World::at(1), Access::Read).outcome == TlbFill::Outcome::Mapped);

    world.tlb.conceal(base);
    CHECK(world.tlb.concealed());
    CHECK_FALSE(can_read(World::at(0)));
    CHECK_FALSE(can_read(World::at(1)));
    CHECK(world.fill(World::at(0), Access::Read, Privilege::User).outcome == TlbFill::Outcome::PageFault);
    CHECK_FALSE(can_read(World::at(0)));

    world.tlb.reveal();
    CHECK_FALSE(world.tlb.concealed());
    CHECK(world.fill(World::at(1), Access::Read, Privilege::User).outcome == TlbFill::Outcome::PageFault);
    CHECK_FALSE(can_read(World::at(1)));
    CHECK(world.fill(World::at(0), Access::Write).outcome == TlbFill::Outcome::Mapped);
    CHECK(can_write(World::at(0)));
    CHECK(world.fill(World::at(1), Access::Read).outcome == TlbFill::Outcome::Mapped);
    CHECK(can_read(World::at(1)));
    CHECK_FALSE(can_write(World::at(1)));
    CHECK_FALSE(can_read(World::at(2)));

    SECTION("what lies below the boundary stays")
    {
        world.tlb.conceal(uint64_t { base } + 0x400000);
        CHECK(can_write(World::at(0)));
        CHECK(can_read(World::at(1)));
    }
}

TEST_CASE("What ring 0 touched at one visit it has at once at the next", "[native]")
{
    if (!native_available())
        return;
    World world;
    world.entry(0, 0x100000 | present | writable | accessed | dirty);
    world.entry(1, 0x110000 | present | accessed);
    for (uint32_t page : { 0u, 1u })
        REQUIRE(world.fill(World::at(page), Access::Read).outcome == TlbFill::Outcome::Mapped);
    world.tlb.conceal(base);
    world.tlb.reveal();
    REQUIRE(world.fill(World::at(0), Access::Write).outcome == TlbFill::Outcome::Mapped);
    world.tlb.conceal(base);
    CHECK_FALSE(can_read(World::at(0)));
    auto calls = world.window.host_calls().count;
    world.tlb.reveal();
    CHECK(world.window.host_calls().count == calls + 1);
    CHECK(can_write(World::at(0)));
    CHECK_FALSE(can_read(World::at(1)));

    SECTION("with the rights that it has by then")
    {
        world.entry(0, 0x120000 | present | accessed);
        world.tlb.invalidate_page(world.state, Gla { World::at(0) });
        world.tlb.conceal(base);
        world.tlb.reveal();
        CHECK(can_read(World::at(0)));
        CHECK_FALSE(can_write(World::at(0)));
    }
    SECTION("but not for ever")
    {
        bool asked_again = false;
        for (int visit = 0; visit < 1000 && !asked_again; ++visit) {
            world.tlb.conceal(base);
            CHECK_FALSE(can_read(World::at(0)));
            world.tlb.reveal();
            asked_again = !can_read(World::at(0));
        }
        CHECK(asked_again);
        CHECK(world.fill(World::at(0), Access::Write).outcome == TlbFill::Outcome::Mapped);
        CHECK(can_write(World::at(0)));
    }
}

TEST_CASE("What ring 0 maps at a visit is concealed behind it, and so is what is mapped while ring 3 runs", "[native]")
{
    if (!native_available())
        return;
    World world;
    constexpr uint32_t kernel = present | writable | accessed | dirty;
    world.entry(0, 0x100000 | kernel);
    REQUIRE(world.fill(World::at(0), Access::Write).outcome == TlbFill::Outcome::Mapped);
    world.tlb.conceal(base);
    SECTION("at a visit")
    {
        world.tlb.reveal();
        for (uint32_t page : { 5u, 40u, 300u }) {
            world.entry(page, (0x100000 + page * page_size) | kernel);
            REQUIRE(world.fill(World::at(page), Access::Write).outcome == TlbFill::Outcome::Mapped);
            CHECK(can_write(World::at(page)));
        }
        world.tlb.conceal(base);
        for (uint32_t page : { 0u, 5u, 40u, 300u })
            CHECK_FALSE(can_read(World::at(page)));
    }
    SECTION("many at a visit, after which the next begins with everything")
    {
        world.tlb.reveal();
        for (uint32_t page = 0; page < 80; page += 2) {
            world.entry(page, (0x100000 + page * page_size) | kernel);
            REQUIRE(world.fill(World::at(page), Access::Write).outcome == TlbFill::Outcome::Mapped);
        }
        world.tlb.conceal(base);
        for (uint32_t page = 0; page < 80; page += 2)
            CHECK_FALSE(can_read(World::at(page)));
        world.tlb.reveal();
        for (uint32_t page = 0; page < 80; page += 2)
            CHECK(can_write(World::at(page)));
    }
    SECTION("while ring 3 runs")
    {
        world.entry(5, 0x105000 | kernel);
        REQUIRE(world.fill(World::at(5), Access::Write).outcome == TlbFill::Outcome::Mapped);
        CHECK_FALSE(can_read(World::at(5)));
        world.tlb.reveal();
        CHECK(world.fill(World::at(5), Access::Write).outcome == TlbFill::Outcome::Mapped);
        CHECK(can_write(World::at(5)));
    }
    SECTION("with a boundary that moves")
    {
        world.entry(5, 0x105000 | kernel);
        REQUIRE(world.fill(World::at(5), Access::Write).outcome == TlbFill::Outcome::Mapped);
        world.tlb.reveal();
        world.tlb.conceal(uint64_t { base } + 3 * page_size);
        CHECK(can_write(World::at(0)));
        CHECK_FALSE(can_read(World::at(5)));
    }
    SECTION("and a flush leaves nothing concealed")
    {
        world.tlb.flush();
        CHECK_FALSE(world.tlb.concealed());
        REQUIRE(world.fill(World::at(0), Access::Write).outcome == TlbFill::Outcome::Mapped);
        CHECK(can_write(World::at(0)));
    }
}

TEST_CASE("A frame that becomes read-only is so in what is concealed, too", "[native]")
{
    if (!native_available())
        return;
    World world;
    constexpr uint32_t kernel = present | writable | accessed | dirty;
    for (uint32_t page : { 0u, 20u }) {
        world.entry(page, (0x100000 + page * page_size) | kernel);
        REQUIRE(world.fill(World::at(page), Access::Write).outcome == TlbFill::Outcome::Mapped);
    }
    world.tlb.conceal(base);
    world.tlb.reveal();
    REQUIRE(world.fill(World::at(0), Access::Write).outcome == TlbFill::Outcome::Mapped);
    for (uint32_t page : { 0u, 20u })
        world.tlb.write_protect(0x100 + page);
    CHECK(can_read(World::at(0)));
    CHECK_FALSE(can_write(World::at(0)));
    CHECK_FALSE(can_read(World::at(20)));
    CHECK(world.fill(World::at(20), Access::Read).outcome == TlbFill::Outcome::Mapped);
    CHECK(can_read(World::at(20)));
    CHECK_FALSE(can_write(World::at(20)));
}

TEST_CASE("Without paging the window shows physical memory, without its holes", "[native]")
{
    if (!native_available())
        return;
    World world;
    world.state.cr0 = cr0::pe;
    world.write(0x00123454, 0x55AA55AA);
    CHECK(world.fill(0x00123454, Access::Write).outcome == TlbFill::Outcome::Mapped);
    CHECK(host_word(0x00123454) == 0x55AA55AA);
    CHECK_FALSE(can_read(0xA0000));
    CHECK(world.fill(0xA0000, Access::Read).outcome == TlbFill::Outcome::Emulate);
    CHECK(world.fill(0xFEC00000, Access::Read).outcome == TlbFill::Outcome::Emulate);
}
