#include "visualizer/panels/histogram.hpp"

#include "core/trace/time_format.hpp"
#include "visualizer/app/draw.hpp"

#include <algorithm>
#include <cmath>

namespace ringside::visualizer {

namespace {

std::string range_words(std::size_t first, std::size_t last, const TickScale& scale)
{
    return fmt::format("{} .. {}", format_duration(scale.nanoseconds(bucket_begin(first)), Style {}),
        format_duration(scale.nanoseconds(bucket_begin(last + 1)), Style {}));
}

std::string all_numbers(const LedgerRow& row, const TickScale& scale)
{
    std::string text { describe(row.kind).name };
    for (std::size_t bucket = 0; bucket < duration_buckets; ++bucket) {
        if (row.histogram[bucket] > 0)
            text += fmt::format("\n{:>24}  {:>12}", range_words(bucket, bucket, scale), format_count(row.histogram[bucket]));
    }
    return text;
}

}

void HistogramAxis::include(const ExitLedger& ledger)
{
    for (const auto& row : ledger.rows) {
        for (std::size_t bucket = 0; bucket < duration_buckets; ++bucket) {
            if (row.histogram[bucket] == 0)
                continue;
            first = empty ? bucket : std::min(first, bucket);
            last = empty ? bucket : std::max(last, bucket);
            empty = false;
        }
    }
}

std::string axis_words(const HistogramAxis& axis, const TickScale& scale)
{
    return axis.empty ? "" : range_words(axis.first, axis.last, scale);
}

void draw_histogram(const Context& context, const LedgerRow& row, const HistogramAxis& axis, const TickScale& scale, const Look& look)
{
    auto at = ImGui::GetCursorScreenPos();
    float width = std::max(ImGui::GetContentRegionAvail().x, 1.0f), height = ImGui::GetTextLineHeight();
    ImGui::Dummy({ width, height });
    if (axis.empty)
        return;
    auto& list = *ImGui::GetWindowDrawList();
    list.AddLine({ at.x, at.y + height }, { at.x + width, at.y + height }, context.theme.line());
    auto most = static_cast<double>(std::max<uint64_t>(*std::ranges::max_element(row.histogram), 1));
    float step = width / static_cast<float>(axis.last - axis.first + 1);
    for (auto bucket = axis.first; bucket <= axis.last; ++bucket) {
        if (row.histogram[bucket] == 0)
            continue;
        // What is rare has a bar of at least a few pixels.
        auto tall = std::max(static_cast<float>(static_cast<double>(row.histogram[bucket]) / most) * height, height * 0.14f);
        float x = at.x + step * static_cast<float>(bucket - axis.first);
        list.AddRectFilled({ x, at.y + height - tall }, { x + std::max(step - context.px(1), 1.0f), at.y + height }, context.theme.color(look));
    }
    if (ImGui::IsItemHovered())
        ImGui::SetTooltip("%s", all_numbers(row, scale).c_str());
}

}
