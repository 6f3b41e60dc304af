#include "core/trace/story.hpp"
#include "core/trace/time_format.hpp"
#include "core/trace/timeline.hpp"
#include "visualizer/app/draw.hpp"
#include "visualizer/app/laboratory.hpp"
#include "visualizer/app/panel_state.hpp"
#include "visualizer/panels/panels.hpp"

#include <algorithm>
#include <cmath>

namespace ringside::visualizer {

namespace {

TimeSpan extent_of_all(const Laboratory& laboratory)
{
    TimeSpan all { 0, 1 };
    for (const auto& run : laboratory.runs()) {
        if (!run->events().empty())
            all.end = std::max(all.end, extent_of(run->events()).end);
    }
    return all;
}

struct Lane {
    const Context& context;
    ImDrawList& list;
    const TimelineLane& cells;
    ImVec2 least;
    float height;

    float ring_top(unsigned ring) const { return least.y + height * (0.20f + 0.45f * static_cast<float>(ring) / 3.0f); }
    float ring_height() const { return height * 0.16f; }
};

void ring_cells(const Lane& lane)
{
    const auto& cells = lane.cells.cells;
    for (unsigned ring = 0; ring < 4; ++ring) {
        for (std::size_t begin = 0, end = 0; begin < cells.size(); begin = end) {
            // Neighbors that look the same are one rectangle.
            int shade = static_cast<int>(cells[begin].ring_share[ring] * 16 + 0.5f);
            if (shade == 0 && cells[begin].ring_share[ring] > 0)
                shade = 1;
            for (end = begin + 1; end < cells.size(); ++end) {
                int next = static_cast<int>(cells[end].ring_share[ring] * 16 + 0.5f);
                if (next == 0 && cells[end].ring_share[ring] > 0)
                    next = 1;
                if (next != shade)
                    break;
            }
            if (shade == 0)
                continue;
            float alpha = 0.35f + 0.65f * static_cast<float>(shade) / 16;
            lane.list.AddRectFilled({ lane.least.x + static_cast<float>(begin), lane.ring_top(ring) },
                { lane.least.x + static_cast<float>(end), lane.ring_top(ring) + lane.ring_height() },
                lane.context.theme.color(look_of_ring(ring), alpha));
        }
    }
}

// The monitor's share grows from the lane's lower edge.
void monitor_cells(const Lane& lane)
{
    float bottom = lane.least.y + lane.height * 0.98f, room = lane.height * 0.14f;
    auto monitor = lane.context.theme.color(look_of_monitor()), waiting = lane.context.theme.color(look_of(ExitGroup::Waiting), 0.6f);
    for (std::size_t x = 0; x < lane.cells.cells.size(); ++x) {
        const auto& cell = lane.cells.cells[x];
        float left = lane.least.x + static_cast<float>(x);
        auto column = [&](float share, ImU32 color) {
            if (share > 0)
                lane.list.AddRectFilled({ left, bottom - std::max(1.0f, room * share) }, { left + 1, bottom }, color);
        };
        column(cell.halted, waiting);
        column(cell.in_monitor, monitor);
    }
}

void marks(const Lane& lane)
{
    float size = std::min(lane.context.px(5), lane.height * 0.08f);
    float last = -1e9f;
    for (const auto& mark : lane.cells.marks) {
        auto x = static_cast<float>(mark.x);
        if (x < 0 || x > static_cast<float>(lane.cells.view.width) || x - last < size * 1.6f)
            continue;
        last = x;
        auto group = group_of(mark.kind);
        draw_shape(lane.list, look_of(group).shape, { lane.least.x + x, lane.least.y + size * 1.4f }, size, lane.context.theme.color(look_of(group)));
    }
}

void selection(const Lane& lane, const Run& run)
{
    if (!run.selection())
        return;
    const auto& scale = run.events().scale();
    auto begin = static_cast<float>(lane.cells.view.x_of(nanoseconds_at(scale, run.selection()->begin)));
    auto end = static_cast<float>(lane.cells.view.x_of(nanoseconds_at(scale, run.selection()->end)));
    lane.list.AddRect({ lane.least.x + begin, lane.least.y }, { lane.least.x + std::max(end, begin + 1), lane.least.y + lane.height },
        lane.context.theme.accent(), 0, 0, 2);
}

void ruler(const Context& context, const TimelineView& view, ImVec2 least)
{
    auto& list = *ImGui::GetWindowDrawList();
    // A step of 1, 2 or 5 that leaves room for the words.
    double wanted = view.per_pixel() * static_cast<double>(context.px(120));
    double step = std::pow(10, std::floor(std::log10(wanted)));
    for (double factor : { 1.0, 2.0, 5.0, 10.0 }) {
        if (step * factor >= wanted) {
            step *= factor;
            break;
        }
    }
    float line = ImGui::GetTextLineHeight();
    for (double time = std::ceil(view.begin / step) * step; time <= view.end; time += step) {
        float x = least.x + static_cast<float>(view.x_of(time));
        list.AddLine({ x, least.y }, { x, least.y + line }, context.theme.line());
        auto words = step < 1000 ? fmt::format("{:.0f} ns", time) : format_moment(static_cast<int64_t>(time));
        draw_text(list, context.fonts.text, { x + 3, least.y }, context.theme.dim(), words);
        if (!(time + step > time))
            break;
    }
    ImGui::Dummy({ 1, line });
}

void controls(const Context& context, const Models& models, PanelState::Timeline& state)
{
    auto extent = extent_of_all(models.laboratory);
    auto zoom = [&](double factor) {
        state.follow = false;
        state.view = clamped(zoomed(state.view, factor, state.view.width / 2.0), extent);
    };
    auto pan = [&](double pixels) {
        state.follow = false;
        state.view = clamped(panned(state.view, pixels), extent);
    };
    if (ImGui::Button("All"))
        state.follow = true;
    context.mark("timeline all");
    ImGui::SameLine();
    if (ImGui::Button("+"))
        zoom(0.5);
    context.mark("timeline in");
    ImGui::SameLine();
    if (ImGui::Button("-"))
        zoom(2);
    context.mark("timeline out");
    ImGui::SameLine();
    if (ImGui::Button("<"))
        pan(state.view.width / 4.0);
    context.mark("timeline left");
    ImGui::SameLine();
    if (ImGui::Button(">"))
        pan(-state.view.width / 4.0);
    context.mark("timeline right");
    if (models.run().selection()) {
        ImGui::SameLine();
        if (ImGui::Button("No selection"))
            context.ask({ .kind = Request::Kind::Select });
        context.mark("timeline unselect");
    }
    ImGui::SameLine();
    dim_text(context, "{} shown. Wheel: zoom; drag: move; Shift+drag: select; click: that event",
        format_duration(static_cast<uint64_t>(std::max(state.view.length(), 0.0)), Style {}));
}

void tooltip(const Context& context, const Run& run, const TimelineLane& lane, const TimelineHit& hit)
{
    if (hit.cell >= lane.cells.size())
        return;
    const auto& cell = lane.cells[hit.cell];
    ImGui::BeginTooltip();
    text("{}, {}", run.title(), format_moment(static_cast<int64_t>(hit.time)));
    if (cell.ring != TimelineCell::nowhere)
        text("mostly {}, monitor {:.0f} %", look_of_ring(cell.ring).word, static_cast<double>(cell.in_monitor) * 100);
    if (cell.exits > 0)
        text("{} exits here, most of them {}", format_count(cell.exits), describe(cell.dominant_exit).name);
    if (hit.event)
        dim_text(context, "{}", story_line(run.events()[*hit.event], run.totals().scale, run.symbols(), Style {}));
    ImGui::EndTooltip();
}

void mouse(const Context& context, const Models& models, PanelState::Timeline& state, std::size_t index, const TimelineLane& lane, float left)
{
    auto& run = *models.laboratory.runs()[index];
    auto& io = ImGui::GetIO();
    float x = io.MousePos.x - left;
    bool hovered = ImGui::IsItemHovered();
    auto extent = extent_of_all(models.laboratory);
    if (hovered && io.MouseWheel != 0) {
        state.follow = false;
        state.view = clamped(zoomed(state.view, std::pow(0.8, io.MouseWheel), x), extent);
    }
    if (ImGui::IsItemActivated()) {
        state.drag_from = io.KeyShift ? x : -1;
        context.ask({ .kind = Request::Kind::ChooseRun, .index = index });
    }
    if (ImGui::IsItemActive() && state.drag_from < 0 && ImGui::IsMouseDragging(0)) {
        state.follow = false;
        state.view = clamped(panned(state.view, io.MouseDelta.x), extent);
    }
    auto hit = TimelineModel::hit(run.events(), lane, x);
    if (ImGui::IsItemDeactivated()) {
        bool was_click = std::abs(ImGui::GetMouseDragDelta(0, 0).x) < 4;
        if (state.drag_from >= 0 && !was_click)
            context.ask({ .kind = Request::Kind::Select, .range = ticks_of(run.events(), span_between(state.view, state.drag_from, x)) });
        else if (was_click && hit.event)
            context.ask({ .kind = Request::Kind::LookAt, .index = *hit.event });
        state.drag_from = -1;
    }
    if (hovered && !ImGui::IsMouseDown(0))
        tooltip(context, run, lane, hit);
}

void lane(const Context& context, const Models& models, PanelState::Timeline& state, std::size_t index, float height)
{
    const auto& run = *models.laboratory.runs()[index];
    auto& list = *ImGui::GetWindowDrawList();
    legend_item(context, look_of_strategy(run.strategy()), run.title());
    auto least = ImGui::GetCursorScreenPos();
    ImVec2 size { static_cast<float>(state.view.width), height };
    list.AddRectFilled(least, { least.x + size.x, least.y + size.y }, context.theme.raised());
    ImGui::InvisibleButton(fmt::format("lane {}", index).c_str(), size);
    context.mark(fmt::format("lane {}", index));
    if (run.events().empty())
        return;
    const auto& cells = state.lanes[index].cells(run.events(), state.view);
    Lane drawn { context, list, cells, least, height };
    list.PushClipRect(least, { least.x + size.x, least.y + size.y }, true);
    ring_cells(drawn);
    monitor_cells(drawn);
    marks(drawn);
    selection(drawn, run);
    if (state.drag_from >= 0 && ImGui::IsItemActive())
        list.AddRectFilled({ least.x + state.drag_from, least.y }, { ImGui::GetIO().MousePos.x, least.y + height }, faded(context.theme.accent(), 0.25f));
    list.PopClipRect();
    mouse(context, models, state, index, cells, least.x);
}

}

void draw_timeline(const Context& context, const Models& models)
{
    auto& state = context.state.timeline;
    const auto& runs = models.laboratory.runs();
    state.lanes.resize(runs.size());
    state.view.width = std::max(1, static_cast<int>(ImGui::GetContentRegionAvail().x));
    if (state.follow)
        state.view = fitted(state.view, extent_of_all(models.laboratory));
    controls(context, models, state);
    ruler(context, state.view, ImGui::GetCursorScreenPos());
    float caption = ImGui::GetTextLineHeightWithSpacing() + ImGui::GetStyle().ItemSpacing.y;
    float height = ImGui::GetContentRegionAvail().y / static_cast<float>(runs.size()) - caption;
    height = std::clamp(height, context.px(50), context.px(150));
    for (std::size_t i = 0; i < runs.size(); ++i)
        lane(context, models, state, i, height);
}

std::string timeline_as_text(const Models& models)
{
    constexpr unsigned rows = 40;
    auto& run = models.run();
    return run.title() + "\n" + timeline_text(run.playback().moment(), run.moment_scale(), rows, Style {});
}

}
