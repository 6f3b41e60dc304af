// What is kept of a store of events is not taken for that of the next one, wherever that lies.
#include "tests/visualizer/model_samples.hpp"
#include "visualizer/model/timeline_model.hpp"

#include <optional>

using namespace ringside;
using namespace ringside::visualizer;
using namespace ringside::visualizer::test;

namespace {

std::vector<EventRecord> ring_at(uint8_t from, uint8_t to)
{
    return { ring_change(100, from, to), exit_at(1000, 10) };
}

}

TEST_CASE("a timeline shows the store of the next round, though it lies where the last one lay and is as long")
{
    TimelineModel model;
    TimelineView view { .begin = 0, .end = 1000, .width = 10 };
    std::optional<EventStore> store;
    store.emplace().append(ring_at(0, 3));
    const auto* place = &*store;
    CHECK(model.cells(*store, view).cells[5].ring == 3);
    store.reset();
    store.emplace().append(ring_at(3, 0));
    REQUIRE(&*store == place);
    CHECK(model.cells(*store, view).cells[5].ring == 0);
}

TEST_CASE("no two stores have the same identity")
{
    EventStore first, second;
    CHECK(first.identity() != second.identity());
}
