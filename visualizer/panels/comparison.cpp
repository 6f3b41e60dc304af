#include "core/trace/time_format.hpp"
#include "visualizer/app/draw.hpp"
#include "visualizer/app/laboratory.hpp"
#include "visualizer/panels/panels.hpp"
#include "visualizer/panels/ring_diagram.hpp"

#include <algorithm>
#include <cmath>

namespace ringside::visualizer {

namespace {

struct Best {
    double exit_rate = 0;
    double slowest_round = 0;
};

Best best_of(const Laboratory& laboratory)
{
    Best best;
    for (const auto& run : laboratory.runs()) {
        best.exit_rate = std::max(best.exit_rate, run->exits_per_second());
        best.slowest_round = std::max(best.slowest_round, run->last_round());
    }
    return best;
}

struct Shares {
    double guest = 0, monitor = 0, host = 0;
};

Shares shares_of(const Statistics& statistics)
{
    double whole = static_cast<double>(statistics.guest + statistics.monitor + statistics.host);
    if (whole <= 0)
        return {};
    return { static_cast<double>(statistics.guest) / whole, static_cast<double>(statistics.monitor) / whole,
        static_cast<double>(statistics.host) / whole };
}

constexpr Look guest_look { { 86, 180, 233 }, { 23, 120, 178 }, Shape::Disc, "guest" };

void heading(const Context& context, const Models& models, std::size_t index)
{
    const auto& run = *models.laboratory.runs()[index];
    const auto& look = look_of_strategy(run.strategy());
    ImGui::PushFont(context.fonts.large);
    legend_item(context, look, run.strategy());
    ImGui::PopFont();
    if (models.laboratory.guests().size() > 1 || run.is_file()) {
        dim_text(context, "{}", run.guest());
    }
    auto color = run.failed() ? context.theme.color(look_of(ExitGroup::Fault)) : context.theme.dim();
    ImGui::PushStyleColor(ImGuiCol_Text, color);
    auto words = run.status();
    auto at = ImGui::GetCursorScreenPos();
    draw_text(*ImGui::GetWindowDrawList(), context.fonts.text, at, color, words, ImGui::GetContentRegionAvail().x);
    ImGui::Dummy({ ImGui::GetContentRegionAvail().x, ImGui::GetTextLineHeight() });
    if (ImGui::IsItemHovered())
        ImGui::SetTooltip("%s", words.c_str());
    ImGui::PopStyleColor();
}

// Cut off where the column is too narrow.
void caption(const Context& context, const std::string& words)
{
    float width = std::max(ImGui::GetContentRegionAvail().x, 1.0f);
    draw_text(*ImGui::GetWindowDrawList(), context.fonts.text, ImGui::GetCursorScreenPos(), context.theme.dim(), words, width);
    ImGui::Dummy({ width, ImGui::GetTextLineHeight() });
}

// The most frequent exits, as many as there is room for.
void frequent_exits(const Context& context, const Run& run)
{
    std::vector<const ExitStatistics*> exits;
    for (const auto& exit : run.statistics().exits)
        exits.push_back(&exit);
    std::ranges::sort(exits, std::ranges::greater {}, &ExitStatistics::count);
    for (const auto* exit : exits) {
        if (ImGui::GetContentRegionAvail().y < ImGui::GetTextLineHeight())
            return;
        legend_item(context, look_of(group_of(exit->kind)), describe(exit->kind).name);
        auto count = short_count(static_cast<double>(exit->count));
        ImGui::SameLine(std::max(ImGui::GetContentRegionMax().x - text_width(context.fonts.text, count), 0.0f));
        text("{}", count);
    }
}

void bars(const Context& context, const Run& run, const Best& best)
{
    const auto& look = look_of_strategy(run.strategy());
    caption(context, "one round: "
            + (run.rounds() > 0 ? format_duration(static_cast<uint64_t>(run.last_round() * 1e9), Style {}) : std::string { "not yet over" }));
    bar(context, { { &look, best.slowest_round > 0 ? run.last_round() / best.slowest_round : 0 } });
    caption(context, fmt::format("exits: {} a second", short_count(run.exits_per_second())));
    bar(context, { { &look, best.exit_rate > 0 ? run.exits_per_second() / best.exit_rate : 0 } });
    auto shares = shares_of(run.statistics());
    caption(context, fmt::format("guest {:.0f}, monitor {:.0f}, host {:.0f} %", shares.guest * 100, shares.monitor * 100, shares.host * 100));
    bar(context, { { &guest_look, shares.guest }, { &look_of_monitor(), shares.monitor }, { &look_of_host(), shares.host } });
}

void column(const Context& context, const Models& models, std::size_t index, const Best& best, ImVec2 size)
{
    const auto& run = *models.laboratory.runs()[index];
    bool is_chosen = index == models.chosen && models.laboratory.runs().size() > 1;
    ImGui::PushStyleColor(ImGuiCol_Border, is_chosen ? context.theme.accent() : context.theme.line());
    auto name = fmt::format("run {}", index);
    ImGui::BeginChild(name.c_str(), size, true, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    heading(context, models, index);
    auto least = ImGui::GetCursorScreenPos();
    float width = ImGui::GetContentRegionAvail().x;
    float bars_height = ImGui::GetTextLineHeightWithSpacing() * 6.4f;
    float height = std::max(ImGui::GetContentRegionAvail().y - bars_height, 0.0f);
    height = std::min(height, width + ImGui::GetTextLineHeight() * 6.5f);
    if (height > 16) {
        draw_ring_diagram(context, run, least, { least.x + width, least.y + height });
        ImGui::Dummy({ width, height });
    }
    bars(context, run, best);
    ImGui::Spacing();
    frequent_exits(context, run);
    bool clicked = ImGui::IsWindowHovered() && ImGui::IsMouseClicked(0);
    ImGui::EndChild();
    context.mark(name);
    ImGui::PopStyleColor();
    if (clicked)
        context.ask({ .kind = Request::Kind::ChooseRun, .index = index });
}

int columns_for(const Context& context, std::size_t runs, float width)
{
    float least = context.px(190);
    auto fit = std::max(1, static_cast<int>(width / least));
    return std::min(static_cast<int>(runs), fit);
}

}

void draw_comparison(const Context& context, const Models& models)
{
    const auto& runs = models.laboratory.runs();
    auto room = ImGui::GetContentRegionAvail();
    float note = ImGui::GetTextLineHeightWithSpacing();
    int columns = columns_for(context, runs.size(), room.x);
    int rows = (static_cast<int>(runs.size()) + columns - 1) / columns;
    float gap = ImGui::GetStyle().ItemSpacing.x;
    ImVec2 size { std::floor((room.x - gap * static_cast<float>(columns - 1)) / static_cast<float>(columns)),
        std::floor((room.y - note) / static_cast<float>(rows) - gap) };
    // Where there is too little room they are as large as they need to be, and the panel scrolls.
    size.y = std::max(size.y, context.px(300));
    auto best = best_of(models.laboratory);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        if (i % static_cast<std::size_t>(columns) != 0)
            ImGui::SameLine();
        column(context, models, i, best, size);
    }
    dim_text(context, "Watching costs time, and not the same under each strategy: 'ringside compare' measures without it.");
}

std::string comparison_as_text(const Models& models)
{
    std::string text = fmt::format("{:<12} {:<12} {:>12} {:>10} {:>7} {:>8} {:>6}  {}\n", "guest", "strategy", "one round",
        "exits/s", "guest", "monitor", "host", "state");
    for (const auto& run : models.laboratory.runs()) {
        auto shares = shares_of(run->statistics());
        auto round = run->rounds() > 0 ? format_duration(static_cast<uint64_t>(run->last_round() * 1e9), Style {}) : std::string { "-" };
        text += fmt::format("{:<12} {:<12} {:>12} {:>10} {:>5.0f} % {:>6.0f} % {:>4.0f} %  {}\n", run->guest(), run->strategy(), round,
            short_count(run->exits_per_second()), shares.guest * 100, shares.monitor * 100, shares.host * 100, run->status());
    }
    return text;
}

}
