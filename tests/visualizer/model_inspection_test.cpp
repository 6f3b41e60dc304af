#include "tests/catch.hpp"
#include "tests/unit/machine/test_memory.hpp"
#include "visualizer/model/guest_inspection.hpp"

#include <algorithm>
#include <random>

using namespace ringside;
using namespace ringside::visualizer;
using ringside::test::memory_of;
using Kind = DirectoryEntryView::Kind;

namespace {

constexpr uint32_t directory = 0x10000;
constexpr uint32_t table = 0x11000;
constexpr uint32_t P = 1, W = 2, U = 4, A = 0x20, D = 0x40, L = 0x80;

struct Guest {
    GuestMemory memory = memory_of(8);
    GuestSnapshot snapshot;

    Guest()
    {
        snapshot.cpu = multiboot_entry_state(0x100000, 0);
        snapshot.strategy = "trap";
        snapshot.shadow.emplace();
    }
    void enable_paging(uint32_t cr4 = 0)
    {
        snapshot.cpu.cr0 |= cr0::pg;
        snapshot.cpu.cr3 = directory;
        snapshot.cpu.cr4 = cr4;
    }
    void entry(uint32_t at, unsigned index, uint32_t value)
    {
        REQUIRE(memory.write<uint32_t>(Gpa { at + index * 4 }, value));
    }
    void code(uint32_t address, std::vector<uint8_t> bytes)
    {
        for (std::size_t i = 0; i < bytes.size(); ++i)
            memory.write<uint8_t>(Gpa { address + i }, bytes[i]);
    }
    void map(MappedRun run)
    {
        snapshot.shadow->runs.push_back(run);
        snapshot.shadow->pages += run.count;
    }
    PageTableView view() { return page_tables_of(snapshot, &memory); }
};

bool has_line(const std::vector<std::string>& text, const std::string& part)
{
    return std::ranges::any_of(text, [&](const auto& line) { return line.find(part) != std::string::npos; });
}

} // namespace

TEST_CASE(
    "registers that have changed since the snapshot before are marked, with what they held", "[visualizer][registers]")
{
    CpuState before = multiboot_entry_state(0x100000, 0x9000);
    CpuState now = before;
    now.gpr[Ebx] = 7;
    now.cr0 |= cr0::ts;
    now.segment(Ds).selector = 0x23;
    auto general = general_registers(now, &before);
    CHECK(std::ranges::count(general, true, &RegisterRow::changed) == 1);
    CHECK(general[Ebx].changed);
    CHECK(general[Ebx].before == 0x9000);
    CHECK(has_line(lines(general), "* EBX"));
    auto control = control_registers(now, &before);
    auto ts = std::ranges::find(control[1].fields, "TS", &BitRow::name);
    CHECK(control[1].row.name == "CR0");
    CHECK((ts->value == 1 && ts->changed && ts->position == 3));
    CHECK(std::ranges::count(control[1].fields, true, &BitRow::changed) == 1);
    auto segments = segment_registers(now, &before);
    CHECK(std::ranges::count(segments, true, &SegmentRow::changed) == 1);
    auto without = general_registers(now, nullptr);
    CHECK(std::ranges::count(without, true, &RegisterRow::changed) == 0);
}

TEST_CASE("segments are told in words", "[visualizer][registers]")
{
    CHECK(words_for(Segment { 0x08, 0xC09A, 0, 0xFFFFFFFF }) == "code, readable, ring 0, 32 bits, 4 GiB from 0x0");
    CHECK(words_for(Segment { 0x23, 0x40F2, 0x1000, 0xFFF })
        == "data, writable, ring 3, 32 bits, 0x1000 bytes from 0x1000");
    CHECK(words_for(Segment { 0x28, 0x008B, 0x2000, 0x67 }) == "32-bit TSS, busy, ring 0, 0x68 bytes from 0x2000");
    CHECK(words_for(Segment {}) == "not usable");
}

TEST_CASE("device registers are compared with those of the snapshot before, where it is the same device",
    "[visualizer][registers]")
{
    GuestSnapshot before, now;
    before.devices = { { "pic", { { "IRR", 1, 8, "" }, { "IMR", 2, 8, "" } } }, { "uart", { { "LCR", 1, 8, "" } } } };
    now.devices = { { "pic", { { "IRR", 3, 8, "" }, { "IMR", 2, 8, "" } } }, { "rtc", { { "A", 9, 8, "" } } } };
    auto rows = device_registers(now, &before);
    CHECK(rows[0].rows[0].changed);
    CHECK_FALSE(rows[0].rows[1].changed);
    CHECK_FALSE(rows[1].rows[0].changed);
}

TEST_CASE("page tables become a tree in which neighbors are one line and gaps are collapsed", "[visualizer][paging]")
{
    Guest guest;
    guest.enable_paging(cr4::pse);
    guest.entry(directory, 0, table | P | W | U | A);
    guest.entry(directory, 2, 0x400000 | P | W | L | A | D);
    for (unsigned i = 0; i < 8; ++i)
        guest.entry(table, i, (0x200000 + i * 0x1000) | P | W | U);
    guest.entry(table, 8, 0x208000 | P); // read-only for ring 0
    auto view = guest.view();
    REQUIRE(view.directory.size() == 4);
    CHECK(view.directory[0].kind == Kind::Table);
    CHECK(view.directory[0].physical == table);
    REQUIRE(view.directory[0].runs.size() == 2);
    CHECK(view.directory[0].runs[0] == GuestRun { 0, 0x200, 8, true, true });
    CHECK(view.directory[0].runs[1] == GuestRun { 8, 0x208, 1, false, false });
    CHECK(view.directory[1].kind == Kind::NotPresent);
    CHECK(view.directory[2].kind == Kind::Large);
    CHECK(view.directory[2].linear == 0x800000);
    CHECK(view.directory[2].runs[0].frame == 0x400);
    CHECK(view.directory[3].count == 1021);
    CHECK(view.pages == 8 + 1 + 1024);
    CHECK(has_line(lines(view), "not present, and 1020 more"));
}

TEST_CASE("a right counts only if both levels grant it", "[visualizer][paging]")
{
    Guest guest;
    guest.enable_paging();
    guest.entry(directory, 0, table | P | W);
    guest.entry(table, 0, 0x200000 | P | U);
    auto run = guest.view().directory[0].runs[0];
    CHECK_FALSE(run.writable);
    CHECK_FALSE(run.user);
}

TEST_CASE("page tables with 64-bit entries are read, too", "[visualizer][paging]")
{
    Guest guest;
    guest.enable_paging(cr4::pae);
    guest.memory.write<uint64_t>(Gpa { directory + 8 }, 0x20000 | P);   // the second directory
    guest.memory.write<uint64_t>(Gpa { 0x20000 }, 0x21000 | P | W | U); // a table
    guest.memory.write<uint64_t>(Gpa { 0x21000 + 8 }, 0x300000 | P | W);
    guest.memory.write<uint64_t>(Gpa { 0x20000 + 8 }, 0x400000 | P | W | L);
    auto view = guest.view();
    CHECK(view.extended);
    REQUIRE(view.directory.size() == 4);
    CHECK(view.directory[1].linear == 0x40000000);
    CHECK(view.directory[1].runs[0] == GuestRun { 0x40001, 0x300, 1, true, false });
    CHECK(view.directory[2].runs[0].count == 512);
}

TEST_CASE("each difference between tables and mapping has its reason", "[visualizer][paging]")
{
    Guest guest;
    guest.enable_paging();
    guest.entry(directory, 0, table | P | W | U);
    auto page = [&](unsigned index, uint32_t flags) { guest.entry(table, index, (0x200000 + index * 0x1000) | flags); };
    page(0, P | W | U | A | D); // mapped as it is
    guest.map({ 0, 0x200, 1, true, true });
    page(1, P | W | U);     // not touched
    page(2, P | W | U | A); // not dirty
    guest.map({ 2, 0x202, 1, false, true });
    page(3, P | W | U | A | D); // code
    guest.map({ 3, 0x203, 1, false, true });
    page(4, P | U | A); // writable once
    guest.map({ 4, 0x204, 1, true, true });
    page(5, P | U | A); // elsewhere once
    guest.map({ 5, 0x999, 1, false, true });
    guest.map({ 6, 0x206, 2, false, true }); // 6 and 7: not there any more
    page(8, P | W | A | D);                  // ring 0's
    guest.map({ 8, 0x208, 1, true, false, false, true });
    guest.entry(table, 9, 0xFEE00000 | P | W);
    auto view = guest.view();
    std::vector<std::pair<uint32_t, MappingDifference>> found;
    for (const auto& difference : view.differences)
        found.emplace_back(difference.page, difference.kind);
    CHECK(found
        == std::vector<std::pair<uint32_t, MappingDifference>> {
            { 1, MappingDifference::NotTouched },
            { 2, MappingDifference::ReadOnlyUntilDirty },
            { 3, MappingDifference::ReadOnlyKept },
            { 4, MappingDifference::OtherRights },
            { 5, MappingDifference::OtherFrame },
            { 6, MappingDifference::LeftOver },
            { 8, MappingDifference::Concealed },
            { 9, MappingDifference::NotMemory },
        });
    CHECK(view.differences[5].count == 2);
    CHECK(has_line(lines(view), "0x00001000, 1 page: the guest has not touched it yet"));
}

TEST_CASE("a page of ring 0 that is not mapped while ring 3 runs is hidden, not untouched", "[visualizer][paging]")
{
    Guest guest;
    guest.enable_paging();
    guest.entry(directory, 0, table | P | W | U);
    guest.entry(table, 0, 0x200000 | P | W);
    guest.snapshot.cpu.segment(Ss).attributes |= 3 << 5;
    REQUIRE(guest.view().differences.size() == 1);
    CHECK(guest.view().differences[0].kind == MappingDifference::Hidden);
}

TEST_CASE("without paging the mapping stands beside memory itself", "[visualizer][paging]")
{
    Guest guest;
    guest.map({ 0x100, 0x100, 4, true, true });
    auto view = guest.view();
    CHECK_FALSE(view.paging);
    CHECK(view.directory.empty());
    CHECK(std::ranges::all_of(
        view.differences, [](const auto& one) { return one.kind == MappingDifference::NotTouched; }));
    CHECK(std::ranges::none_of(
        view.differences, [](const auto& one) { return one.page <= 0x100 && one.page + one.count > 0x100; }));
}

TEST_CASE("without memory, or without a mapping, the view says so and compares nothing", "[visualizer][paging]")
{
    Guest guest;
    guest.enable_paging();
    guest.map({ 0, 1, 1 });
    auto blind = page_tables_of(guest.snapshot, nullptr);
    CHECK(blind.directory.empty());
    CHECK(blind.differences.empty());
    CHECK(blind.mode.find("not there") != std::string::npos);
    guest.snapshot.shadow = std::nullopt;
    guest.snapshot.strategy = "emulation";
    CHECK(guest.view().differences.empty());
    CHECK(guest.view().shadow_words.find("in software") != std::string::npos);
}

TEST_CASE("tables full of anything are shown within bounds", "[visualizer][paging]")
{
    Guest guest;
    guest.enable_paging(GENERATE(0u, uint32_t { cr4::pse }, uint32_t { cr4::pae }));
    std::mt19937 random(7);
    for (uint32_t address = 0; address < 0x90000; address += 4)
        guest.memory.write<uint32_t>(
            Gpa { address }, static_cast<uint32_t>(random()) & (random() % 2 ? 0xFFFFF : 0xFFFFFFFF));
    guest.map({ 0, 1, 100, true });
    guest.map({ 500, 1, 1u << 19, true });
    auto view = guest.view();
    std::size_t runs = 0;
    for (const auto& entry : view.directory)
        runs += entry.runs.size();
    CHECK(runs <= PageTableView::most_runs);
    CHECK(view.differences.size() <= PageTableView::most_differences);
    CHECK_FALSE(lines(view).empty());
}

TEST_CASE("memory is shown in hex by both kinds of address, with holes and changes", "[visualizer][memory]")
{
    Guest guest;
    guest.enable_paging();
    guest.entry(directory, 0, table | P | W);
    guest.entry(table, 4, 0x300000 | P);
    guest.code(0x300FF0, { 'H', 'i', 0 });
    auto rows = hex_rows(guest.memory, guest.snapshot.cpu, AddressSpace::Linear, 0x4FF5, 2);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].address == 0x4FF0);
    CHECK(rows[0].bytes[0] == uint8_t { 'H' });
    CHECK_FALSE(rows[1].bytes[0]);
    CHECK(has_line(lines(rows), "00004ff0  48 69 00"));
    CHECK(has_line(lines(rows), "00005000  -- --"));
    guest.code(0x300FF1, { 'o' });
    auto later = hex_rows(guest.memory, guest.snapshot.cpu, AddressSpace::Linear, 0x4FF0, 1, &rows);
    CHECK((later[0].changed[1] && !later[0].changed[0]));
    auto physical = hex_rows(guest.memory, guest.snapshot.cpu, AddressSpace::Physical, 0x300FF0, 1);
    CHECK(physical[0].bytes[1] == uint8_t { 'o' });
    CHECK(hex_rows(guest.memory, guest.snapshot.cpu, AddressSpace::Physical, 0xFFFFFFF8, 5).size() == 1);
    auto entry = std::as_const(guest.memory).read<uint32_t>(Gpa { table + 16 });
    CHECK(entry == (0x300000 | P)); // no accessed flag
}

TEST_CASE("code around EIP has symbols, the next instruction, and marks what a monitor must see", "[visualizer][code]")
{
    Guest guest;
    // start: cli; sgdt [eax]; nop; loop: in al, dx; jmp loop
    guest.code(0x100000, { 0xFA, 0x0F, 0x01, 0x00, 0x90, 0xEC, 0xEB, 0xFD });
    SymbolTable symbols({ { "start", 0x100000, 5 }, { "loop", 0x100005, 3 } });
    guest.snapshot.cpu.eip = 0x100004;
    auto code = code_around_eip(guest.memory, guest.snapshot.cpu, symbols, 8, 2);
    REQUIRE(code.size() == 5);
    CHECK(code[0].symbol == "start");
    CHECK(code[0].text == "cli");
    CHECK(class_letter(code[0].kind) == 'I');
    CHECK(code[1].kind == InstructionClass::Sensitive);
    CHECK_FALSE(code[1].effect.empty());
    CHECK(code[2].is_next);
    CHECK(code[2].kind == InstructionClass::Ordinary);
    CHECK(code[3].symbol == "loop");
    CHECK(code[4].target == "loop");
    CHECK(has_line(lines(code), "=>   00100004  90"));
    CHECK(code_around_eip(guest.memory, guest.snapshot.cpu, symbols, 1, 0).size() == 2);
}

TEST_CASE("code before EIP is found without a symbol, and bytes that are none are shown as such", "[visualizer][code]")
{
    Guest guest;
    guest.code(0x100000 - 128, std::vector<uint8_t>(128, 0x90));
    guest.code(0x100000, { 0xB8, 0x01, 0x00, 0x00, 0x00, 0x90, 0x0F, 0xFF });
    guest.snapshot.cpu.eip = 0x100005;
    auto code = code_around_eip(guest.memory, guest.snapshot.cpu, {}, 2, 3);
    auto next = std::ranges::find(code, true, &CodeLine::is_next);
    REQUIRE(next != code.end());
    CHECK((next - 1)->text.starts_with("mov eax"));
    CHECK((next + 1)->text != "nop");
    guest.snapshot.cpu.eip = 0xFF000000;
    CHECK(code_around_eip(guest.memory, guest.snapshot.cpu, {}, 4, 4).empty());
}

TEST_CASE("a block is shown beside its translation, with what became of each instruction", "[visualizer][code]")
{
    GuestSnapshot snapshot;
    snapshot.cpu = multiboot_entry_state(0x100001, 0);
    auto& listing = snapshot.code.emplace();
    listing.treatments = { "identical", "callout" };
    listing.by_treatment = { 1, 1 };
    listing.reasons = { "harmless", "it sets IF" };
    listing.blocks.push_back({ 0x100000, 0x80000000, 0, true, 0, 3, { 0x90, 0xFA }, { 0x90, 0x90, 0x90 },
        { { 0, 0, 1, 0, 0 }, { 1, 1, 1, 1, 1 } } });
    SymbolTable symbols({ { "start", 0x100000, 2 } });
    auto blocks = translated_blocks(snapshot, symbols);
    REQUIRE(blocks.size() == 1);
    auto cli = std::ranges::find(blocks[0].instructions, "cli", &TranslatedLine::guest);
    REQUIRE(cli != blocks[0].instructions.end());
    CHECK(cli->letter == 'C');
    CHECK(cli->treatment == "callout");
    CHECK(cli->reason == "it sets IF");
    CHECK(cli->is_next);
    CHECK(cli->host.size() == 2);
    CHECK(has_line(lines(blocks[0]), "callout: it sets IF"));
    CHECK(translated_blocks(GuestSnapshot {}, symbols).empty());
}
