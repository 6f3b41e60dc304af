// What a few panels look like, of a trace that is always the same.
#include "core/trace/trace_file.hpp"
#include "tests/catch.hpp"
#include "tests/support/command.hpp"
#include "tests/visualizer/app/app_driver.hpp"
#include "tests/visualizer/app/golden_picture.hpp"
#include "visualizer/panels/panels.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

using namespace ringside;
using namespace ringside::test;
using namespace ringside::visualizer;

namespace {

// Letters of another font are no reason to fail.
bool has_fonts()
{
    bool found = access("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", R_OK) == 0;
    if (!found)
        WARN("skipped: the pictures are with the letters of fonts-dejavu-core, which is not installed");
    return found;
}

// Programs that call their kernel under trap-and-emulate, with some of everything. Ticks are nanoseconds.
class MadeUpRun {
public:
    const std::vector<EventRecord>& events() const { return m_events; }
    uint64_t end() const { return m_now; }

    MadeUpRun()
    {
        m_events.push_back({ .time = 0, .kind = EventKind::MachineStart, .real_ring = RealRing::Ring3, .a = 0x0010'0000 });
        for (uint32_t i = 0; i < 6; ++i)
            exit(EventKind::PortWrite, 900 + i * 150, 0x3F8 + i, 1, 0x40 + i);
        for (uint32_t call = 0; call < 12; ++call) {
            ring(0, 3, RingChangeCause::Iret);
            m_now += 6000 + call * 400;
            exit(EventKind::SoftwareInterrupt, 1500, 0, 0x80);
            ring(3, 0, RingChangeCause::SoftwareInterrupt);
            m_now += 2500;
            exit(EventKind::PortWrite, 700, 0x3F8, 1, 'a' + call);
            if (call % 3 == 1)
                exit(EventKind::Exception, 4200, 0x0040'0000 + call * 0x1000, 14, 4);
            if (call % 4 == 3)
                exit(EventKind::Halt, 9000);
        }
        m_events.push_back({ .time = m_now, .kind = EventKind::MachineStop, .real_ring = RealRing::Ring3 });
    }

private:
    void exit(EventKind kind, uint32_t duration, uint64_t a = 0, uint32_t b = 0, uint32_t c = 0)
    {
        m_now += 1200;
        m_events.push_back({ .time = m_now, .duration = duration, .kind = kind, .virtual_ring = m_ring, .real_ring = RealRing::Ring3,
            .eip = 0x0010'0240, .a = a, .b = b, .c = c });
        m_now += duration;
    }
    void ring(uint8_t from, uint8_t to, RingChangeCause cause)
    {
        m_now += 100;
        m_ring = to;
        m_events.push_back({ .time = m_now, .kind = EventKind::RingChange, .virtual_ring = to, .real_ring = RealRing::Ring3,
            .eip = 0x0010'0240, .a = from, .b = to, .c = static_cast<uint32_t>(cause) });
    }

    std::vector<EventRecord> m_events;
    uint64_t m_now = 0;
    uint8_t m_ring = 0;
};

TraceTotals totals_of(const MadeUpRun& run)
{
    TraceTotals totals;
    totals.scale = { 1'000'000'000, 0 };
    totals.tick_source = TickSource::Manual;
    totals.elapsed = run.end();
    totals.exact_rings = true;
    for (const auto& event : run.events()) {
        auto& counter = totals[event.kind];
        counter.minimum = counter.count == 0 ? event.duration : std::min<uint64_t>(counter.minimum, event.duration);
        counter.maximum = std::max<uint64_t>(counter.maximum, event.duration);
        counter.total += event.duration;
        ++counter.count;
        if (event.kind == EventKind::RingChange)
            ++totals.ring_entries[event.a][event.b];
    }
    return totals;
}

std::string write_trace(const Scratch& scratch)
{
    MadeUpRun run;
    TraceHeader header;
    header.strategy = "trap";
    header.scenario = "syscalls";
    header.clock = ClockKind::Virtual;
    header.scale = { 1'000'000'000, 0 };
    header.symbols = SymbolTable({ { "system_call", 0x0010'0200, 0x100 } });
    auto path = scratch.path("made-up.rst");
    auto writer = TraceWriter::create(path, header);
    REQUIRE(writer);
    REQUIRE(writer->append(run.events()));
    REQUIRE(writer->finish(totals_of(run)));
    return path;
}

Picture picture_of(AppDriver& driver)
{
    auto image = driver.surface().read_pixels();
    return { image.width, image.height, image.pixels };
}

Key digit_of(std::string_view panel)
{
    auto found = std::ranges::find(all_panels(), panel, &Panel::name);
    REQUIRE(found != all_panels().end());
    return key_of(static_cast<char>('1' + (found - all_panels().begin())));
}

// The trace, with slow motion held at an event whose ring and cause are worth a picture.
void show(AppDriver& driver, std::string_view panel)
{
    driver.press(digit_of(panel));
    driver.press(key_of('H'));
    for (int i = 0; i < 9; ++i)
        driver.press(Key::Right);
    driver.frames(60); // until nothing moves any more
}

DriverOptions made_up_trace(const Scratch& scratch)
{
    DriverOptions options;
    options.laboratory = { .trace_path = write_trace(scratch) };
    options.size = { 640, 400 };
    return options;
}

Picture shifted(const Picture& picture, int right, int down)
{
    Picture moved = picture;
    for (int y = down; y < picture.height; ++y) {
        for (int x = right; x < picture.width; ++x) {
            for (int color = 0; color < 3; ++color)
                moved.pixels[static_cast<std::size_t>((y * picture.width + x) * 3 + color)]
                    = picture.pixels[static_cast<std::size_t>(((y - down) * picture.width + x - right) * 3 + color)];
        }
    }
    return moved;
}

// Red and blue change places.
Picture recolored(Picture picture)
{
    for (std::size_t i = 0; i + 2 < picture.pixels.size(); i += 3)
        std::swap(picture.pixels[i], picture.pixels[i + 2]);
    return picture;
}

}

TEST_CASE("panels of a trace look as in their golden pictures", "[visualizer][golden]")
{
    if (!has_fonts())
        return;
    std::string panel = GENERATE("rings", "exits", "timeline", "story");
    Scratch scratch;
    AppDriver driver(made_up_trace(scratch));
    show(driver, panel);
    compare_with_golden_picture(panel, picture_of(driver));
}

TEST_CASE("a golden picture is the same a pixel lower, and not when the panel is empty or in other colors", "[visualizer][golden]")
{
    if (!has_fonts())
        return;
    std::string panel = GENERATE("rings", "exits", "timeline", "story");
    INFO(panel);
    auto golden = read_picture(fmt::format("{}/tests/visualizer/golden/{}.png", RINGSIDE_SOURCE_DIR, panel));
    REQUIRE(golden.width == 640);
    CHECK(difference(golden, golden).mean == 0);
    auto lower = difference(golden, shifted(golden, 0, 1)), aside = difference(golden, shifted(golden, 1, 0));
    INFO("lower: mean " << lower.mean << ", far " << lower.far_blocks << "; aside: mean " << aside.mean << ", far " << aside.far_blocks);
    CHECK(lower.is_small());
    CHECK(aside.is_small());

    auto empty = golden;
    constexpr int toolbar = 40; // its rows of pixels stay
    auto background = (static_cast<std::size_t>(golden.height - 40) * 640 + 320) * 3;
    for (std::size_t i = std::size_t { toolbar } * 640 * 3; i < empty.pixels.size(); ++i)
        empty.pixels[i] = golden.pixels[background + i % 3];
    auto without = difference(golden, empty), recolor = difference(golden, recolored(golden));
    INFO("empty: mean " << without.mean << ", far " << without.far_blocks << "; recolored: mean " << recolor.mean << ", far "
                        << recolor.far_blocks);
    CHECK_FALSE(without.is_small());
    CHECK_FALSE(recolor.is_small());
}
