#include "core/trace/statistics.hpp"
#include "core/trace/time_format.hpp"
#include "visualizer/app/draw.hpp"
#include "visualizer/app/laboratory.hpp"
#include "visualizer/panels/exits_beside.hpp"
#include "visualizer/panels/histogram.hpp"
#include "visualizer/panels/panels.hpp"

namespace ringside::visualizer {

namespace {

constexpr int columns = 7;

ExitLedger ledger_of_selection(const Run& run)
{
    return ledger_of(run.selection() ? run.events().exits(*run.selection()) : run.events().exits(), run.events().scale());
}

// What the timeline has selected, or everything.
Statistics statistics_of_selection(const Run& run, const ExitLedger& ledger)
{
    if (!run.selection())
        return run.statistics();
    Statistics statistics;
    statistics.exit_count = ledger.exits;
    for (const auto& row : ledger.rows)
        statistics.exits.push_back({ row.kind, row.count, row.count_share, row.time_share, row.total, row.minimum, row.maximum, row.mean });
    return statistics;
}

void headings(const std::string& axis)
{
    ImGui::TableSetupScrollFreeze(1, 1);
    ImGui::TableSetupColumn("exit", ImGuiTableColumnFlags_WidthStretch, 2.4f);
    ImGui::TableSetupColumn("count", ImGuiTableColumnFlags_WidthStretch, 1.1f);
    ImGui::TableSetupColumn("share of the monitor's time", ImGuiTableColumnFlags_WidthStretch, 2.2f);
    ImGui::TableSetupColumn("min", ImGuiTableColumnFlags_WidthStretch, 1.0f);
    ImGui::TableSetupColumn("mean", ImGuiTableColumnFlags_WidthStretch, 1.0f);
    ImGui::TableSetupColumn("max", ImGuiTableColumnFlags_WidthStretch, 1.0f);
    ImGui::TableSetupColumn(axis.empty() ? "durations" : axis.c_str(), ImGuiTableColumnFlags_WidthStretch, 2.0f);
    ImGui::TableHeadersRow();
}

void share_cell(const Context& context, const Look& look, double share)
{
    auto at = ImGui::GetCursorScreenPos();
    float height = ImGui::GetTextLineHeight();
    float words = text_width(context.fonts.text, "100.0 %") + context.px(6);
    float room = ImGui::GetContentRegionAvail().x - words;
    if (room > 4)
        ImGui::GetWindowDrawList()->AddRectFilled({ at.x + words, at.y + height * 0.15f },
            { at.x + words + room * static_cast<float>(share), at.y + height * 0.85f }, context.theme.color(look), context.px(2));
    text("{:.1f} %", share * 100);
}

void name_cell(const Context& context, EventKind kind, const Look& look)
{
    legend_item(context, look, describe(kind).name);
    if (ImGui::IsItemHovered())
        ImGui::SetTooltip("%s", fmt::format("{} ({})\nA click goes on to the next one, and pauses there.",
            describe(kind).sentence, look.word).c_str());
    if (ImGui::IsItemClicked())
        context.ask({ .kind = Request::Kind::RunTo, .event = kind });
    context.mark(fmt::format("exit {}", describe(kind).name));
}

void row(const Context& context, const ExitStatistics& exit, const LedgerRow* durations, const HistogramAxis& axis, const TickScale& scale)
{
    const auto& look = look_of(group_of(exit.kind));
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    name_cell(context, exit.kind, look);
    ImGui::TableNextColumn();
    text("{}", format_count(exit.count));
    ImGui::TableNextColumn();
    share_cell(context, look, exit.time_share);
    for (auto time : { exit.minimum, exit.mean, exit.maximum }) {
        ImGui::TableNextColumn();
        text("{}", exit.timed ? format_duration(time, Style {}) : "-");
    }
    ImGui::TableNextColumn();
    if (durations && exit.timed)
        draw_histogram(context, *durations, axis, scale, look);
}

void draw_alone(const Context& context, const Run& run)
{
    auto ledger = ledger_of_selection(run);
    auto statistics = statistics_of_selection(run, ledger);
    text("{}: {} exits {}", run.title(), format_count(statistics.exit_count), run.selection() ? "in the selected range" : "in this round");
    if (statistics.dropped > 0)
        dim_text(context, "{} events came too fast to be kept; the counts are complete", format_count(statistics.dropped));
    auto flags = ImGuiTableFlags_RowBg | ImGuiTableFlags_BordersInnerV | ImGuiTableFlags_ScrollY;
    if (!ImGui::BeginTable("exits", columns, flags))
        return;
    HistogramAxis axis;
    axis.include(ledger);
    headings(axis_words(axis, ledger.scale));
    for (const auto& exit : statistics.exits)
        row(context, exit, ledger.find(exit.kind), axis, ledger.scale);
    ImGui::EndTable();
}

}

void draw_exits(const Context& context, const Models& models)
{
    choose_beside(context, models);
    if (const auto* other = run_beside(models))
        draw_exits_beside(context, models.run(), *other);
    else
        draw_alone(context, models.run());
}

std::string exits_as_text(const Models& models)
{
    const auto& run = models.run();
    if (const auto* other = run_beside(models))
        return exits_beside_as_text(run, *other);
    auto ledger = ledger_of_selection(run);
    return run.title() + "\n" + statistics_text(statistics_of_selection(run, ledger), Style {}) + "\n" + ledger_text(ledger, Style {});
}

}
