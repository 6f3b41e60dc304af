#include "core/trace/story.hpp"
#include "core/trace/strategy_names.hpp"
#include "core/trace/timeline.hpp"
#include "tests/unit/trace/trace_samples.hpp"

#include <set>
#include <sstream>

using namespace ringside;

TEST_CASE("every kind of event has a sentence of its own", "[trace]")
{
    std::set<std::string> sentences;
    for (const auto& event : test::one_of_each()) {
        auto text = sentence(event, Style {});
        CAPTURE(text);
        CHECK(text.size() > 10);
        CHECK(text != describe(event.kind).sentence); // told with its values
        CHECK(sentences.insert(text).second);
    }
    CHECK_FALSE(sentence(EventRecord {}, Style {}).empty());
}

TEST_CASE("events are told with their values", "[trace]")
{
    auto out = test::sample(EventKind::PortWrite);
    out.virtual_ring = 0;
    out.a = 0x3F8;
    out.b = 1;
    out.c = 0x41;
    CHECK(sentence(out, Style {}) == "the kernel writes 0x41 (1 byte) to port 0x3f8 (COM1)");

    auto fault = test::sample(EventKind::Exception);
    fault.a = 0x08049000;
    fault.b = 14;
    fault.c = 6;
    CHECK(sentence(fault, Style {}) == "the program touches 0x08049000: #PF (not present, write, from ring 3)");
    fault.b = 6;
    CHECK(sentence(fault, Style {}) == "the program causes #UD");

    auto change = test::sample(EventKind::RingChange);
    change.a = 3;
    change.b = 0;
    change.c = static_cast<uint32_t>(RingChangeCause::SoftwareInterrupt);
    CHECK(sentence(change, Style {}) == "ring 3 → ring 0: software interrupt");
    CHECK(sentence(change, Style { .unicode = false }) == "ring 3 -> ring 0: software interrupt");
}

TEST_CASE("a change of strategy is told with both names and its cost", "[trace]")
{
    auto change = test::sample(EventKind::StrategySwitch);
    change.a = strategy_number("emulation");
    change.b = strategy_number("trap");
    change.c = 90;
    CHECK(sentence(change, Style {}) == "trap takes over the running guest from emulation, in 90 microseconds");
}

TEST_CASE("what happens to translations is told with addresses, sizes and causes", "[trace]")
{
    auto told = [](EventKind kind, uint64_t a, uint32_t b, uint32_t c) {
        auto event = test::sample(kind);
        event.a = a;
        event.b = b;
        event.c = c;
        return sentence(event, Style {});
    };
    CHECK(told(EventKind::BlockTranslated, 0x08048000, 74, 1)
        == "the program's code at 0x08048000 is translated: 1 instruction, now 74 bytes");
    CHECK(told(EventKind::BlockChained, 0x100000, 0x100010, 0)
        == "the translation of 0x00100000 leads straight to that of 0x00100010 now");
    CHECK(told(EventKind::BlockInvalidated, 0x100000, 0x100, 1)
        == "the translation of 0x00100000, in frame 0x100, is given up: data beside it");
    CHECK(told(EventKind::TranslationsEmptied, 1, 4096, 0)
        == "no room for more translations: all are thrown away (1 block, 4096 bytes)");
    CHECK(told(EventKind::CodeDormant, 0x08048000, 0x345, 12)
        == "frame 0x345 is no longer at 0x08048000: the translations of its code wait (12 blocks)");
    CHECK(told(EventKind::CodeAwake, 0x08048000, 0x345, 0)
        == "frame 0x345 is at 0x08048000 again: the translations of its code are used again");
}

TEST_CASE("a line of the story says when, where and how long", "[trace]")
{
    auto call = test::sample(EventKind::SoftwareInterrupt, 12'345'000);
    call.b = 0x80;
    SymbolTable symbols({ { "main", 0x101230, 0x20 } });
    CHECK(story_line(call, TickScale {}, symbols, Style {})
        == "   12.345 ms  ring 3  the program executes INT 0x80, at main+0x4, 250 ns");
}

namespace {

class Run {
public:
    void change(uint64_t time, unsigned from, unsigned to, RingChangeCause cause, RealRing real = RealRing::Interpreted)
    {
        events.push_back({ .time = time,
            .kind = EventKind::RingChange,
            .virtual_ring = static_cast<uint8_t>(to),
            .real_ring = real,
            .a = from,
            .b = to,
            .c = static_cast<uint32_t>(cause) });
    }
    void vector(EventKind kind, uint64_t time, uint32_t vector)
    {
        events.push_back({ .time = time, .kind = kind, .virtual_ring = 3, .b = vector });
    }
    std::vector<EventRecord> events;
};

Run hello()
{
    Run run;
    run.change(0, 0, 0, RingChangeCause::Boot);
    run.change(1'203'000, 0, 3, RingChangeCause::Iret);
    run.change(1'211'100, 3, 0, RingChangeCause::SoftwareInterrupt);
    run.vector(EventKind::SoftwareInterrupt, 1'211'000, 0x80);
    run.change(1'214'500, 0, 3, RingChangeCause::Iret);
    run.change(1'230'000, 3, 0, RingChangeCause::Exception);
    run.vector(EventKind::Exception, 1'229'900, 14);
    run.vector(EventKind::Kick, 1'500'000, 0);
    return run;
}

}

TEST_CASE("the time line of a run looks like this", "[trace]")
{
    CHECK(timeline_text(hello().events, TickScale {}, 4, Style {})
        == R"(      since  ring 0 kernel  ring 3 program        for  really       change
   0.000 ms  ▇▇▇▇▇▇▇▇                         1.20 ms  interpreted  boot
   1.203 ms  ╰────────────▶ ▇▇▇▇              8.10 µs  interpreted  IRET
   1.211 ms  ▇▇▇▇ ◀─────────╯                 3.40 µs  interpreted  INT 0x80
   1.214 ms  ╰────────────▶ ▇▇▇▇▇            15.50 µs  interpreted  IRET
          …  and 1 more

  in ring 0    1.48 ms   98.4%  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
  in ring 3   23.60 µs    1.6%  ▇
  The bars of the time line are logarithmic: six decades, from 100 ns to 100 ms.
)");
}

TEST_CASE("a change of strategy begins a new row of the time line, with where the guest really runs now", "[trace]")
{
    Run run;
    run.change(0, 0, 0, RingChangeCause::Boot);
    run.events.push_back({ .time = 1'000'000, .kind = EventKind::StrategySwitch, .real_ring = RealRing::Ring3,
        .a = strategy_number("emulation"), .b = strategy_number("trap"), .c = 90 });
    run.change(3'000'000, 0, 3, RingChangeCause::Iret, RealRing::Ring3);
    auto text = timeline_text(run.events, TickScale {}, 4, Style { .unicode = false });
    INFO(text);
    CHECK(text.find("1.00 ms  interpreted  boot\n") != std::string::npos);
    CHECK(text.find("2.00 ms  ring 3       to trap\n") != std::string::npos);
    CHECK(text.find("  ring 3       IRET\n") != std::string::npos);
}

TEST_CASE("the time line fits 80 columns in ASCII, without color unless asked", "[trace]")
{
    auto run = hello();
    run.change(10'000'000'000, 0, 1, RingChangeCause::FarTransfer, RealRing::Ring3);
    run.change(99'000'000'000, 1, 2, RingChangeCause::TaskSwitch, RealRing::NonRoot);
    std::istringstream lines(timeline_text(run.events, TickScale {}, 100, Style { .unicode = false }));
    std::string line;
    std::size_t count = 0;
    while (std::getline(lines, line)) {
        CAPTURE(line);
        CHECK(line.size() <= 80);
        CHECK(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }));
        ++count;
    }
    CHECK(count > 7);
    auto colored = timeline_text(run.events, TickScale {}, 100, Style { .color = true });
    CHECK(colored.find("\033[") != std::string::npos);
    CHECK(colored.find("#PF") != std::string::npos);
    CHECK(colored.find("non-root") != std::string::npos);
}

TEST_CASE("a time line of nothing says so", "[trace]")
{
    CHECK(timeline_text({}, TickScale {}, 5, Style {}) == "  No ring changes were recorded.\n");
}
