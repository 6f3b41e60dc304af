#include "tests/unit/rewriting/cache_world.hpp"

#include <algorithm>

using namespace ringside;
using namespace ringside::rewriting;
using namespace ringside::test;

namespace {

constexpr uint32_t at = 0x00101230;
// The same entry of the table.
constexpr uint32_t twin = at + 0x10000, third = at + 0x20000;

std::vector<EventKind> kinds_of(const std::vector<EventRecord>& events)
{
    std::vector<EventKind> kinds;
    for (const auto& event : events)
        kinds.push_back(event.kind);
    return kinds;
}

}

TEST_CASE("A new block is found by its key and not yet reached", "[rewriting]")
{
    CacheWorld world;
    auto& block = world.translate(at);
    CHECK(world.cache.find(block.key, world.mode, false) == &block);
    CHECK(world.cache.block(block.id) == &block);
    CHECK(world.cache.active(at, CodeRing::Ring0) == nullptr);
    CHECK(world.entry(at) == world.not_found());
    CHECK_FALSE(block.active);

    BlockKey other_frame = block.key, other_ring = block.key, other_address = block.key;
    other_frame.frame += 1;
    other_ring.ring = CodeRing::Ring3;
    other_address.eip += 1;
    for (const auto& key : { other_frame, other_ring, other_address })
        CHECK(world.cache.find(key, world.mode, false) == nullptr);
    CHECK(world.cache.block(0) == nullptr);
    CHECK(world.cache.block(block.id + 1) == nullptr);
}

TEST_CASE("What an inline sequence compares with is unknown at first, and again when the cache was emptied", "[rewriting]")
{
    CacheWorld world;
    const std::vector<uint8_t> loads_and_asks { 0x8E, 0xE0, 0x8E, 0xC0, 0x0F, 0xA2 }; // mov %eax, %fs; mov %eax, %es; cpuid
    for (int round = 0; round < 2; ++round) {
        auto& block = world.translate(at, loads_and_asks);
        REQUIRE(block.records == 2);
        REQUIRE(block.answers == 1);
        for (uint16_t record = 0; record < 2; ++record) {
            CHECK(world.area.segment(record).minus_selector == SegmentRecord::no_selector);
            world.area.segment(record).minus_selector = 0;
        }
        CHECK(world.area.answer(0).known == 0);
        world.area.answer(0).known = 1;
        world.cache.clear();
    }
}

TEST_CASE("An active block is reached through its entry, until it is dormant", "[rewriting]")
{
    CacheWorld world;
    auto& block = world.activated(at);
    CHECK(world.cache.active(at, CodeRing::Ring0) == &block);
    CHECK(world.cache.active(at, CodeRing::Ring3) == nullptr);
    CHECK(world.entry(at) == block.host);
    CHECK(world.entry(at, CodeRing::Ring3) == world.not_found(CodeRing::Ring3));
    CHECK(world.behind(block) == world.not_found());
    world.cache.activate(block); // once more changes nothing
    CHECK(world.behind(block) == world.not_found());
    CHECK(world.cache.counters().entries == 1);

    world.cache.deactivate(block);
    CHECK(world.cache.active(at, CodeRing::Ring0) == nullptr);
    CHECK(world.entry(at) == world.not_found());
    CHECK(world.cache.find(block.key, world.mode, false) == &block);
    world.cache.deactivate(block);
    CHECK(world.cache.counters().dormant == 1);
}

TEST_CASE("Blocks that share an entry are chained, and each can be taken out of the chain", "[rewriting]")
{
    CacheWorld world;
    auto& first = world.activated(at);
    auto& second = world.activated(twin);
    auto& last = world.activated(third);
    auto chain = [&] {
        std::vector<uint32_t> hosts;
        for (uint32_t host = world.entry(at); host != world.not_found();) {
            hosts.push_back(host);
            REQUIRE(hosts.size() <= 3);
            host = world.behind(*world.cache.block(world.cache.at(host)->id));
        }
        return hosts;
    };
    CHECK(chain() == std::vector { last.host, second.host, first.host });
    SECTION("the head")
    {
        world.cache.deactivate(last);
        CHECK(chain() == std::vector { second.host, first.host });
    }
    SECTION("the middle")
    {
        world.cache.deactivate(second);
        CHECK(chain() == std::vector { last.host, first.host });
    }
    SECTION("the end")
    {
        world.cache.deactivate(first);
        CHECK(chain() == std::vector { last.host, second.host });
    }
    SECTION("and back")
    {
        world.cache.deactivate(first);
        world.cache.activate(first);
        CHECK(chain() == std::vector { first.host, last.host, second.host });
    }
    SECTION("all")
    {
        for (auto* block : { &second, &first, &last })
            world.cache.deactivate(*block);
        CHECK(chain().empty());
    }
    SECTION("killed")
    {
        world.cache.kill(second, InvalidationCause::SourceWritten);
        CHECK(chain() == std::vector { last.host, first.host });
        CHECK(world.cache.active(twin, CodeRing::Ring0) == nullptr);
        CHECK(world.cache.active(third, CodeRing::Ring0) == &last);
    }
}

TEST_CASE("The rings have entries and code of their own", "[rewriting]")
{
    CacheWorld world;
    auto& kernel = world.activated(at);
    auto& program = world.activated(at, { CacheWorld::nop }, CodeRing::Ring3);
    CHECK(world.entry(at) == kernel.host);
    CHECK(world.entry(at, CodeRing::Ring3) == program.host);
    CHECK(world.behind(program) == world.not_found(CodeRing::Ring3));
    CHECK(kernel.host < world.area.code_begin(CodeRing::Ring3));
    CHECK(program.host > world.area.code_begin(CodeRing::Ring3));
    CHECK(world.cache.active(at, CodeRing::Ring3) == &program);
}

TEST_CASE("A linked branch leads to the body of its target until the target is dormant", "[rewriting]")
{
    CacheWorld world;
    auto& from = world.activated(at, jump(at, twin));
    auto& to = world.activated(twin);
    uint16_t site = exit_of(from);
    CHECK(world.target_of(from, site) == from.host + from.sites[site].stub);

    REQUIRE(world.cache.link(from, site, to));
    CHECK(world.target_of(from, site) == to.body_address());
    CHECK(from.sites[site].linked == to.id);
    CHECK_FALSE(world.cache.link(from, site, to)); // it is
    CHECK(world.cache.counters().links == 1);

    SECTION("dormant")
    {
        world.cache.deactivate(to);
    }
    SECTION("dead")
    {
        world.cache.kill(to, InvalidationCause::SourceWritten);
    }
    CHECK(world.target_of(from, site) == from.host + from.sites[site].stub);
    CHECK(from.sites[site].linked == 0);
    if (!to.dead) {
        world.cache.activate(to);
        CHECK(world.cache.link(from, site, to)); // again
    }
}

TEST_CASE("A block that is linked to itself can become dormant", "[rewriting]")
{
    CacheWorld world;
    auto& block = world.activated(at, jump(at, at));
    uint16_t site = exit_of(block);
    REQUIRE(world.cache.link(block, site, block));
    CHECK(world.target_of(block, site) == block.body_address());
    world.cache.deactivate(block);
    CHECK(world.target_of(block, site) == block.host + block.sites[site].stub);
}

TEST_CASE("What cannot be linked is left as it is", "[rewriting]")
{
    CacheWorld world;
    auto& from = world.activated(at, jump(at, twin));
    uint16_t site = exit_of(from);
    auto& dormant = world.translate(twin);
    CHECK_FALSE(world.cache.link(from, site, dormant));
    auto& program = world.activated(twin, { CacheWorld::nop }, CodeRing::Ring3);
    CHECK_FALSE(world.cache.link(from, site, program));
    auto& halt = world.activated(third); // calls the monitor, and has no branch
    CHECK_FALSE(world.cache.link(halt, 0, from));
    world.cache.activate(dormant);
    world.cache.kill(from, InvalidationCause::SourceWritten);
    CHECK_FALSE(world.cache.link(from, site, dormant));
    CHECK(world.target_of(from, site) == from.host + from.sites[site].stub);
    CHECK(world.cache.counters().links == 0);
}

TEST_CASE("A dead block is not found again, but its place is known", "[rewriting]")
{
    CacheWorld world;
    auto& block = world.activated(at);
    auto& neighbor = world.activated(at + 4);
    REQUIRE(block.key.frame == neighbor.key.frame);
    CHECK(world.cache.of_frame(block.key.frame) == std::vector<Block*> { &block, &neighbor });
    world.cache.kill(block, InvalidationCause::SourceWritten);
    CHECK(block.dead);
    CHECK(world.cache.find(block.key, world.mode, false) == nullptr);
    CHECK(world.cache.active(at, CodeRing::Ring0) == nullptr);
    CHECK(world.entry(at) == world.not_found());
    CHECK(world.cache.of_frame(block.key.frame) == std::vector<Block*> { &neighbor });
    CHECK(world.cache.at(block.host) == &block);
    CHECK(world.cache.counters().invalidated == 1);
    CHECK(world.cache.counters().dormant == 0);
    auto& again = world.translate(at);
    CHECK(world.cache.find(block.key, world.mode, false) == &again);
}

TEST_CASE("An address in a translation leads to its block, one between translations to none", "[rewriting]")
{
    CacheWorld world;
    std::vector<const Block*> blocks;
    for (uint32_t i = 0; i < 50; ++i)
        blocks.push_back(&world.translate(at + i * 64, std::vector<uint8_t>(1 + i % 7, CacheWorld::nop),
            i % 3 == 0 ? CodeRing::Ring3 : CodeRing::Ring0));
    unsigned gaps = 0;
    for (const auto* block : blocks) {
        CHECK(world.cache.at(block->host) == block);
        CHECK(world.cache.at(block->body_address()) == block);
        CHECK(world.cache.at(block->host + block->size - 1u) == block);
        uint32_t end = block->host + block->size;
        bool next_follows = std::ranges::any_of(blocks, [&](const auto* one) { return one->host == end; });
        if (!next_follows) {
            CHECK(world.cache.at(end) == nullptr);
            ++gaps;
        }
    }
    CHECK(gaps > 2);
    for (auto ring : { CodeRing::Ring0, CodeRing::Ring3 })
        CHECK(world.cache.at(world.area.code_begin(ring)) == nullptr);
    CHECK(world.cache.at(0) == nullptr);
    CHECK(world.cache.at(world.area.gate()) == nullptr);
    CHECK(world.cache.at(UINT32_MAX) == nullptr);
}

TEST_CASE("A block that compares its source serves where none must, and not the other way round", "[rewriting]")
{
    CacheWorld world;
    auto& plain = world.translate(at);
    auto& checking = world.translate(twin, { CacheWorld::nop }, CodeRing::Ring0, true);
    CHECK(world.cache.find(plain.key, world.mode, true) == nullptr);
    CHECK(world.cache.find(checking.key, world.mode, true) == &checking);
    CHECK(world.cache.find(checking.key, world.mode, false) == &checking);
}

TEST_CASE("A block that depends on the mode is for that mode alone", "[rewriting]")
{
    CacheWorld world;
    auto& floating = world.activated(at, { 0xD9, 0xE8 }); // fld1
    auto& plain = world.activated(twin);
    CHECK(world.cache.depending_on_mode() == std::vector<Block*> { &floating });
    ControlMode other = world.mode;
    other.ts = true;
    CHECK(world.cache.find(floating.key, other, false) == nullptr);
    CHECK(world.cache.find(floating.key, world.mode, false) == &floating);
    CHECK(world.cache.find(plain.key, other, false) == &plain);
    world.cache.deactivate(floating);
    CHECK(world.cache.depending_on_mode().empty());
}

TEST_CASE("When a ring's half is full everything is thrown away, and there is room again", "[rewriting]")
{
    auto ring = GENERATE(CodeRing::Ring0, CodeRing::Ring3);
    CacheWorld world;
    std::vector<uint8_t> much(60, 0x9C); // pushf, which takes many bytes
    auto& other = world.activated(third, { CacheWorld::nop }, ring == CodeRing::Ring0 ? CodeRing::Ring3 : CodeRing::Ring0);
    uint32_t eip = 0x00400000;
    auto& first = world.translate(eip, much, ring);
    world.cache.activate(first);
    auto first_host = first.host;
    auto other_ring = other.key.ring;
    bool emptied = false;
    std::size_t blocks = world.cache.blocks().size();
    Block* last = &first;
    uint64_t host_end = 0;
    while (!emptied) {
        eip += 0x1000;
        blocks = world.cache.blocks().size();
        last = &world.translate(eip, much, ring, false, emptied);
        if (!emptied)
            host_end = uint64_t { last->host } + last->size;
        REQUIRE(host_end <= world.area.code_end(ring));
        REQUIRE(blocks < 1'000'000);
    }
    CHECK(world.area.code_end(ring) - host_end < 64 * 1024); // there was use of all of it
    CHECK(world.cache.counters().flushes == 1);
    CHECK(world.cache.blocks().size() == 1);
    CHECK(last->id == 1);
    CHECK(last->host == first_host);
    CHECK(world.entry(0x00400000, ring) == world.not_found(ring));
    CHECK(world.entry(third, other_ring) == world.not_found(other_ring));
    CHECK(world.cache.active(0x00400000, ring) == nullptr);
    CHECK(world.cache.active(third, other_ring) == nullptr);
    CHECK(world.cache.of_frame(third >> 12).empty());
    CHECK(world.cache.at(last->host) == last);
    world.cache.activate(*last);
    CHECK(world.entry(eip, ring) == last->host);

    const auto& counter = world.trace.block().counters[static_cast<std::size_t>(EventKind::TranslationsEmptied)];
    CHECK(counter.count == 1);
}

TEST_CASE("What happens to blocks is recorded", "[rewriting]")
{
    CacheWorld world;
    auto& from = world.activated(at, jump(at, twin), CodeRing::Ring3);
    auto& to = world.activated(twin, { CacheWorld::nop, CacheWorld::nop }, CodeRing::Ring3);
    world.cache.link(from, exit_of(from), to);
    world.cache.link(from, exit_of(from), to);
    world.cache.deactivate(from);
    world.cache.kill(to, InvalidationCause::MixedPage);
    auto events = world.events();
    REQUIRE(kinds_of(events)
        == std::vector { EventKind::BlockTranslated, EventKind::BlockTranslated, EventKind::BlockChained, EventKind::BlockInvalidated });
    CHECK(events[1].a == twin);
    CHECK(events[1].b == to.size);
    CHECK(events[1].c == 3);
    CHECK(events[1].eip == twin);
    CHECK(events[1].virtual_ring == 3);
    CHECK(events[1].real_ring == RealRing::Ring3);
    CHECK(events[2].a == at);
    CHECK(events[2].b == twin);
    CHECK(events[3].a == twin);
    CHECK(events[3].b == to.key.frame);
    CHECK(events[3].c == static_cast<uint32_t>(InvalidationCause::MixedPage));
}

TEST_CASE("Code of which nothing could be translated is no block to anybody", "[rewriting]")
{
    CacheWorld world;
    TranslationRequest request;
    const std::vector<uint8_t> cut_off { 0x0F };
    request.key = { at, at >> 12, CodeRing::Ring0 };
    request.code = cut_off;
    request.in_page = 1;
    bool emptied = false;
    auto& block = world.cache.translate(request, emptied);
    REQUIRE(block.instructions.empty());
    world.cache.discard(block);
    CHECK(world.cache.find(block.key, {}, false) == nullptr);
    CHECK(world.cache.counters().blocks == 0);
    CHECK(world.cache.counters().invalidated == 0);
    CHECK(world.events().empty());
}
