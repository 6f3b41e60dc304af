#include "visualizer/panels/page_tables.hpp"

#include "visualizer/app/draw.hpp"
#include "visualizer/app/panel_state.hpp"
#include "visualizer/app/run.hpp"
#include "visualizer/panels/snapshot.hpp"

namespace ringside::visualizer {

namespace {

using Kind = DirectoryEntryView::Kind;

// Walking the tables takes longer than a frame should: once a snapshot is enough.
const PageTableView& view_of(PanelState::PageTables& kept, const Models& models)
{
    const auto* snapshot = snapshot_of(models);
    auto* observed = models.run().inspected();
    PanelState::PageTables::Key key { observed, observed->snapshots_taken(), snapshot->guest_time };
    if (kept.key != key) {
        kept.view = page_tables_of(*snapshot, memory_of(models));
        kept.key = key;
    }
    return kept.view;
}

template<typename Item, typename Draw>
void clipped(const std::vector<Item>& items, Draw draw)
{
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(items.size()));
    while (clipper.Step()) {
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
            draw(items[static_cast<std::size_t>(i)]);
    }
}

void entry(const Context& context, const DirectoryEntryView& entry)
{
    if (entry.kind == Kind::NotPresent) {
        dim_text(context, "      [{:>4}] not present{}", entry.index, entry.count > 1 ? fmt::format(", and {} more", entry.count - 1) : "");
        return;
    }
    auto label = entry.kind == Kind::Large
        ? fmt::format("[{:>4}] {:#010x}  one large page at {:#010x}", entry.index, entry.linear, entry.physical)
        : fmt::format("[{:>4}] {:#010x}  table at {:#010x}", entry.index, entry.linear, entry.physical);
    bool is_open = ImGui::TreeNodeEx(label.c_str(), ImGuiTreeNodeFlags_DefaultOpen);
    context.mark(fmt::format("directory {}", entry.index));
    if (!is_open)
        return;
    clipped(entry.runs, [](const GuestRun& run) { text("{}", words_for(run)); });
    ImGui::TreePop();
}

void guest_tree(const Context& context, const PageTableView& view)
{
    ImGui::TextUnformatted("The guest's tables");
    dim_text(context, "{}", view.mode);
    for (const auto& part : view.directory)
        entry(context, part);
    if (view.truncated)
        dim_text(context, "and more than can be shown");
}

void difference(const Context& context, const DifferenceRun& run)
{
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme.color(look_of(ExitGroup::Mapping)));
    text("{:#010x}, {} {}: {}", uint64_t { run.page } * page_size, run.count, run.count == 1 ? "page" : "pages", sentence_for(run.kind));
    ImGui::PopStyleColor();
}

void shadow(const Context& context, const PageTableView& view)
{
    ImGui::TextUnformatted("What is mapped");
    dim_text(context, "{}", view.shadow_words);
    if (view.shadow)
        clipped(view.shadow->runs, [](const MappedRun& run) { text("{}", words_for(run)); });
    if (!view.differences.empty())
        ImGui::TextUnformatted("Where the two differ, and why");
    clipped(view.differences, [&](const DifferenceRun& run) { difference(context, run); });
    if (view.differences_left_out > 0)
        dim_text(context, "and {} more differences", view.differences_left_out);
}

}

void draw_page_tables(const Context& context, const Models& models)
{
    const auto& view = view_of(context.state.page_tables, models);
    ImGui::BeginChild("guest", { std::max(ImGui::GetContentRegionAvail().x * 0.5f, 1.0f), 0 }, false, ImGuiWindowFlags_HorizontalScrollbar);
    guest_tree(context, view);
    ImGui::EndChild();
    context.mark("guest page tables");
    ImGui::SameLine();
    ImGui::BeginChild("mapped", { 0, 0 }, false, ImGuiWindowFlags_HorizontalScrollbar);
    shadow(context, view);
    ImGui::EndChild();
    context.mark("mapped pages");
}

std::vector<std::string> page_table_lines(const Models& models)
{
    return lines(page_tables_of(*snapshot_of(models), memory_of(models)));
}

}
