#include "visualizer/panels/exits_beside.hpp"

#include "core/trace/time_format.hpp"
#include "visualizer/app/draw.hpp"
#include "visualizer/app/laboratory.hpp"
#include "visualizer/app/panel_state.hpp"
#include "visualizer/model/ledger_difference.hpp"
#include "visualizer/panels/histogram.hpp"

#include <array>

namespace ringside::visualizer {

namespace {

constexpr std::array column_names { "count", "mean", "total", "durations" };

// Of two whole rounds, where both have had one: parts of a round are not alike.
struct Pair {
    ExitLedger left;
    ExitLedger right;
    bool whole = false;
};

Pair ledgers_of(const Run& left, const Run& right)
{
    if (left.whole_round() && right.whole_round())
        return { *left.whole_round(), *right.whole_round(), true };
    auto now = [](const Run& run) { return ledger_of(run.events().exits(), run.events().scale()); };
    return { now(left), now(right), false };
}

std::string scope_words(const Pair& pair)
{
    return pair.whole ? "Of the last whole round of each." : "Of what has happened so far: there is no whole round of both yet.";
}

// Runs of one guest differ by strategy, runs of one strategy by guest.
std::string name_of(const Run& run, const Run& other)
{
    return run.guest() == other.guest() ? run.strategy() : run.title();
}

void side(const Context& context, const LedgerRow* row, const HistogramAxis& axis, const TickScale& scale, const Look& look)
{
    ImGui::TableNextColumn();
    text("{}", row ? format_count(row->count) : "-");
    for (auto time : { &LedgerRow::mean, &LedgerRow::total }) {
        ImGui::TableNextColumn();
        text("{}", row ? format_duration(row->*time, Style {}) : "");
    }
    ImGui::TableNextColumn();
    if (row)
        draw_histogram(context, *row, axis, scale, look);
}

void headings(const std::string& left, const std::string& right)
{
    ImGui::TableSetupScrollFreeze(1, 2);
    ImGui::TableSetupColumn("exit", ImGuiTableColumnFlags_WidthStretch, 2.0f);
    for (const auto& name : { left, right }) {
        for (const auto* column : column_names)
            ImGui::TableSetupColumn(fmt::format("{}##{}", column, name).c_str(), ImGuiTableColumnFlags_WidthStretch, 1.2f);
    }
    ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
    ImGui::TableSetColumnIndex(1);
    ImGui::TextUnformatted(left.c_str());
    ImGui::TableSetColumnIndex(1 + static_cast<int>(column_names.size()));
    ImGui::TextUnformatted(right.c_str());
    ImGui::TableHeadersRow();
}

void table(const Context& context, const Pair& pair, const std::string& left, const std::string& right)
{
    auto flags = ImGuiTableFlags_RowBg | ImGuiTableFlags_BordersInnerV | ImGuiTableFlags_ScrollY;
    if (!ImGui::BeginTable("beside", 1 + 2 * static_cast<int>(column_names.size()), flags))
        return;
    HistogramAxis axis;
    axis.include(pair.left);
    axis.include(pair.right);
    headings(left, right);
    for (const auto& row : compare_ledgers(pair.left, pair.right).rows) {
        const auto& look = look_of(group_of(row.kind));
        ImGui::TableNextRow();
        ImGui::TableNextColumn();
        legend_item(context, look, describe(row.kind).name);
        side(context, row.left, axis, pair.left.scale, look);
        side(context, row.right, axis, pair.right.scale, look);
    }
    ImGui::EndTable();
}

}

const Run* run_beside(const Models& models)
{
    const auto& runs = models.laboratory.runs();
    bool is_another = models.beside && *models.beside < runs.size() && *models.beside != models.chosen;
    return is_another ? runs[*models.beside].get() : nullptr;
}

void choose_beside(const Context& context, const Models& models)
{
    const auto& runs = models.laboratory.runs();
    if (runs.size() < 2)
        return;
    const auto* other = run_beside(models);
    ImGui::SetNextItemWidth(context.px(220));
    bool is_open = ImGui::BeginCombo("##beside", other ? fmt::format("beside {}", other->title()).c_str() : "compare with ...");
    context.mark("exits beside");
    if (!is_open)
        return;
    if (ImGui::Selectable("nothing", !other))
        context.state.exits.beside.reset();
    context.mark("beside nothing");
    for (std::size_t i = 0; i < runs.size(); ++i) {
        if (i == models.chosen)
            continue;
        if (ImGui::Selectable(fmt::format("{}##{}", runs[i]->title(), i).c_str(), runs[i].get() == other))
            context.state.exits.beside = i;
        context.mark(fmt::format("beside {}", i));
    }
    ImGui::EndCombo();
}

void draw_exits_beside(const Context& context, const Run& left, const Run& right)
{
    auto pair = ledgers_of(left, right);
    auto left_name = name_of(left, right), right_name = name_of(right, left);
    ImGui::PushTextWrapPos(0);
    dim_text(context, "{}", scope_words(pair));
    text("{}", difference_text(pair.left, left_name, pair.right, right_name, Style {}));
    ImGui::PopTextWrapPos();
    table(context, pair, left_name, right_name);
}

std::string exits_beside_as_text(const Run& left, const Run& right)
{
    auto pair = ledgers_of(left, right);
    auto left_name = name_of(left, right), right_name = name_of(right, left);
    return scope_words(pair) + "\n" + difference_text(pair.left, left_name, pair.right, right_name, Style {}) + "\n"
        + comparison_text(pair.left, left_name, pair.right, right_name, Style {});
}

}
