// Who has the guest, in which order it is handed over, and what goes with it.
#include "core/machine/strategy_set.hpp"

#include "core/machine/engine.hpp"
#include "tests/catch.hpp"
#include "tests/unit/devices/fake_world.hpp"

#include <random>
#include <string>

using namespace ringside;
using namespace ringside::test;

namespace {

std::string g_log; // what the fakes were asked; StrategyEntry has room for functions only

template<char name>
class Fake final : public Strategy {
public:
    static const StrategyInfo& entry_info()
    {
        static constexpr char text[] { name, '\0' };
        static constexpr StrategyInfo info { .name = text,
            .idea = "",
            .guest = name == 'p' ? GuestKind::Paravirtual : GuestKind::Unmodified,
            .virtual_clock = name == 'a' };
        return info;
    }
    static Availability entry_probe()
    {
        return name == 'x' ? Availability { false, "it is a fake", "" } : Availability { true, "", "" };
    }
    static Result<std::unique_ptr<Strategy>> entry_create(Engine&)
    {
        if (name == 'f')
            return fail(ExitCode::Unavailable, "no room");
        return std::unique_ptr<Strategy>(std::make_unique<Fake>());
    }

    const StrategyInfo& info() const override { return entry_info(); }
    void load(const CpuState& state) override
    {
        log("load");
        m_state = state;
    }
    CpuState save() override
    {
        log("save");
        return m_state;
    }
    void release() override { log("release"); }
    Exit run() override { return {}; }
    void kick() override { }
    Exit inject(EventType, uint8_t) override { return {}; }

private:
    static void log(const char* what) { g_log += std::string(what) + ' ' + name + '\n'; }
    CpuState m_state;
};

template<char name>
const StrategyEntry* fake()
{
    static constexpr StrategyEntry entry { Fake<name>::entry_info, Fake<name>::entry_probe, Fake<name>::entry_create };
    return &entry;
}

struct World : FakeWorld {
    GuestMemory memory = std::move(*GuestMemory::create(4 * mebibyte));
    TraceMemory trace = std::move(*TraceMemory::create(64, TickSource::TimeStampCounter, Overflow::Drop));
    Recorder recorder { trace.block() };
    std::unique_ptr<Platform> platform = make_platform();
    HostClock host_clock;
    Engine engine { memory, *platform, host_clock, nullptr, timers, recorder };
    StrategySet set;

    std::unique_ptr<Platform> make_platform()
    {
        auto created = Platform::create(memory, clock, timers, {});
        REQUIRE(created);
        return std::move(*created);
    }
    void create(std::initializer_list<const StrategyEntry*> entries) { REQUIRE(set.create(entries, engine)); }
    std::optional<StrategySet::Change> change(const StrategyEntry& to)
    {
        REQUIRE(set.request(to));
        return set.change();
    }
};

// The strategies of this program that can take turns here; none if there are not at least two.
std::vector<const StrategyEntry*> real_strategies()
{
    std::vector<const StrategyEntry*> found;
    for (const auto& entry : all_strategies()) {
        if (entry.info().guest == GuestKind::Unmodified && entry.probe().available)
            found.push_back(&entry);
    }
    if (found.size() < 2) {
        WARN("skipped: there are no two strategies here that could take turns");
        found.clear();
    }
    return found;
}

// A state that a flat 32-bit kernel may be in, with everything set that can be.
CpuState random_state(std::mt19937& random)
{
    auto any = [&] { return static_cast<uint32_t>(random()); };
    CpuState state = multiboot_entry_state(any(), any());
    for (auto& value : state.gpr)
        value = any();
    constexpr uint32_t settable = eflags::cf | eflags::pf | eflags::af | eflags::zf | eflags::sf | eflags::if_ | eflags::df
        | eflags::of | eflags::iopl | eflags::nt | eflags::ac | eflags::id;
    state.eflags = (any() & settable) | eflags::fixed;
    for (auto which : { Es, Ds, Fs, Gs })
        state.segments[which].base = any();
    state.ldtr = { 0x28, 0x82, any(), 0xFFFF };
    state.tr = { 0x30, 0x8B, any(), 0x67 };
    state.gdtr = { any(), static_cast<uint16_t>(any()) };
    state.idtr = { any(), static_cast<uint16_t>(any()) };
    state.cr0 |= any() & (cr0::mp | cr0::ts | cr0::ne | cr0::wp | cr0::pg);
    state.cr2 = any();
    state.cr3 = any() & 0x3FF000;
    state.cr4 = any() & (cr4::pse | cr4::pge | cr4::osfxsr);
    state.dr = { any(), any(), any(), any(), 0, 0, 0xFFFF0FF0 | (any() & 0xF), 0x400 };
    state.msrs.sysenter_cs = any() & 0xFFFF;
    state.msrs.sysenter_esp = any();
    state.msrs.sysenter_eip = any();
    state.msrs.pat = 0x0007040600070406 ^ (any() & 1);
    state.interrupt_shadow = any() % 2;
    state.nmi_blocked = any() % 2;
    state.halted = any() % 2;
    auto put = [&](std::size_t at, uint32_t value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; ++i)
            state.fxsave[at + i] = std::byte { static_cast<uint8_t>(value >> (8 * i)) };
    };
    for (std::size_t i = 32; i < 288; ++i)
        put(i, i % 16 < 10 || i >= 160 ? any() : 0, 1);
    put(0, 0x0040 | (any() & 0x0F3F), 2);
    put(2, any() & 0x7F00, 2);
    put(4, any() & 0xFF, 1);
    put(24, 0x1F80 | (any() & 0x6000), 4);
    put(28, 0xFFFF, 4);
    return state;
}

}

TEST_CASE("The guest goes from one strategy to the other as saved, and is released before it is loaded", "[switching]")
{
    World world;
    world.create({ fake<'a'>(), fake<'b'>(), fake<'a'>() });
    CHECK(world.set.entries().size() == 2);
    CHECK(&world.set.entry() == fake<'a'>());
    CpuState state = multiboot_entry_state(0x1234, 0);
    world.set.strategy().load(state);
    g_log.clear();
    auto change = world.change(*fake<'b'>());
    REQUIRE(change);
    CHECK(&change->from == fake<'a'>());
    CHECK(change->state == state);
    CHECK(&world.set.entry() == fake<'b'>());
    CHECK(world.set.strategy().save() == state);
    CHECK(g_log == "save a\nrelease a\nload b\nsave b\n");
}

TEST_CASE("Of several requests the last counts, and one for the strategy that has the guest changes nothing", "[switching]")
{
    World world;
    world.create({ fake<'a'>(), fake<'b'>(), fake<'c'>() });
    g_log.clear();
    CHECK_FALSE(world.set.requested());
    CHECK_FALSE(world.set.change());
    world.set.request(*fake<'b'>());
    world.set.request(*fake<'c'>());
    CHECK(world.set.requested());
    CHECK(world.set.change());
    CHECK(&world.set.entry() == fake<'c'>());
    g_log.clear();
    CHECK_FALSE(world.change(*fake<'c'>()));
    CHECK_FALSE(world.set.requested());
    CHECK(g_log.empty());
}

TEST_CASE("A strategy that is not in the set cannot be asked for", "[switching]")
{
    World world;
    world.create({ fake<'a'>(), fake<'b'>() });
    CHECK_FALSE(world.set.request(*fake<'c'>()));
    CHECK_FALSE(world.set.requested());
}

TEST_CASE("A strategy that cannot be created is why the set cannot", "[switching]")
{
    World world;
    auto created = world.set.create(std::vector { fake<'a'>(), fake<'f'>() }, world.engine);
    REQUIRE_FALSE(created);
    CHECK(created.error().message == "no room");
}

TEST_CASE("Strategies that cannot take turns are refused with the reason", "[switching]")
{
    auto error = [](std::vector<const StrategyEntry*> entries, ClockKind clock) {
        auto checked = StrategySet::check(entries, clock);
        return checked ? Error { ExitCode::Success, "" } : checked.error();
    };
    CHECK(error({ fake<'a'>(), fake<'b'>() }, ClockKind::Host).code == ExitCode::Success);
    CHECK(error({ fake<'a'>(), fake<'a'>() }, ClockKind::Virtual).code == ExitCode::Success);
    auto other_guest = error({ fake<'a'>(), fake<'p'>() }, ClockKind::Host);
    CHECK(other_guest.code == ExitCode::Usage);
    CHECK(other_guest.message == "the strategies 'a' and 'p' run different guests: neither can take over the other's");
    auto no_clock = error({ fake<'a'>(), fake<'b'>() }, ClockKind::Virtual);
    CHECK(no_clock.code == ExitCode::Usage);
    CHECK(no_clock.message == "the strategy 'b' has no virtual clock");
    auto unavailable = error({ fake<'a'>(), fake<'x'>() }, ClockKind::Host);
    CHECK(unavailable.code == ExitCode::Unavailable);
    CHECK(unavailable.message == "the strategy 'x' is not available here: it is a fake");
}

TEST_CASE("Any state comes through 100 changes as it was, halted or in a shadow", "[switching]")
{
    auto entries = real_strategies();
    constexpr unsigned seed = 20261122;
    INFO("seed " << seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 20 && !entries.empty(); ++round) {
        World world;
        REQUIRE(world.set.create(entries, world.engine));
        CpuState state = random_state(random);
        world.set.strategy().load(state);
        int changes = 0;
        while (changes < 100)
            changes += world.change(*entries[random() % entries.size()]) ? 1 : 0;
        CpuState back = world.set.strategy().save();
        CHECK(back.gpr == state.gpr);
        CHECK(back.eflags == state.eflags);
        CHECK(back.fxsave == state.fxsave);
        CHECK(back.interrupt_shadow == state.interrupt_shadow);
        CHECK(back.halted == state.halted);
        CHECK(back == state);
    }
}

TEST_CASE("A halted guest stays halted under the next strategy, and an interrupt wakes it there", "[switching]")
{
    auto entries = real_strategies();
    for (const auto* from : entries) {
        for (const auto* to : entries) {
            if (from == to)
                continue;
            INFO(from->info().name << " to " << to->info().name);
            World world;
            world.create({ from, to });
            constexpr uint32_t code = 0x10000, handler = 0x20000, idt = 0x30000, gdt = 0x31000, stack = 0x40000;
            world.memory.write(Gpa { handler }, uint8_t { 0xF4 }); // hlt
            world.memory.write(Gpa { idt + 0x40 * 8 }, uint64_t { 0x00028E0000080000 });
            world.memory.write(Gpa { gdt + 8 }, uint64_t { 0x00CF9B000000FFFF });
            world.memory.write(Gpa { gdt + 16 }, uint64_t { 0x00CF93000000FFFF });
            CpuState state = multiboot_entry_state(code, 0);
            for (auto& segment : state.segments)
                segment.selector = 16;
            state.segment(Cs).selector = 8;
            state.gdtr = { gdt, 23 };
            state.idtr = { idt, 0x7FF };
            state.gpr[Esp] = stack;
            state.eflags |= eflags::if_;
            state.halted = true;
            world.set.strategy().load(state);
            REQUIRE(world.change(*to));
            CHECK(world.set.strategy().run().reason == Exit::Reason::Halted);
            CHECK(world.set.strategy().inject(EventType::ExternalInterrupt, 0x40).reason == Exit::Reason::Kicked);
            CpuState woken = world.set.strategy().save();
            CHECK_FALSE(woken.halted);
            CHECK(woken.eip == handler);
            CHECK(world.memory.read<uint32_t>(Gpa { stack - 12 }) == code);
            Exit exit;
            for (int runs = 0; runs < 10 && exit.reason == Exit::Reason::Kicked; ++runs)
                exit = world.set.strategy().run();
            CHECK(exit.reason == Exit::Reason::HaltedForGood);
        }
    }
}

TEST_CASE("The instruction in an interrupt shadow runs under the next strategy before the interrupt that waits", "[switching]")
{
    auto entries = real_strategies();
    for (const auto* from : entries) {
        for (const auto* to : entries) {
            if (from == to)
                continue;
            INFO(from->info().name << " to " << to->info().name);
            World world;
            world.create({ from, to });
            constexpr uint32_t code = 0x10000;
            world.memory.write(Gpa { code }, uint32_t { 0xFEEB4340 }); // inc eax; inc ebx; jmp to itself
            for (auto [port, value] : { std::pair { 0x20, 0x11 }, std::pair { 0x21, 0x20 }, std::pair { 0x21, 4 },
                     std::pair { 0x21, 1 }, std::pair { 0x21, 0 } })
                world.engine.bus().write_port(static_cast<uint16_t>(port), 1, static_cast<uint32_t>(value));
            world.platform->interrupt_input().set_line(5, true);
            REQUIRE(world.engine.interrupt_pending());
            CpuState state = multiboot_entry_state(code, 0);
            state.gpr[Eax] = state.gpr[Ebx] = 0;
            state.eflags |= eflags::if_;
            state.interrupt_shadow = true;
            world.set.strategy().load(state);
            REQUIRE(world.change(*to));
            Exit exit;
            for (int runs = 0; runs < 10 && exit.reason == Exit::Reason::Kicked; ++runs)
                exit = world.set.strategy().run();
            CHECK(exit.reason == Exit::Reason::InterruptWindow);
            CpuState after = world.set.strategy().save();
            CHECK(after.eip == code + 1);
            CHECK(after.gpr[Eax] == 1);
            CHECK(after.gpr[Ebx] == 0);
            CHECK_FALSE(after.interrupt_shadow);
        }
    }
}
