#include "bench/support/table.hpp"

#include "core/result.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

namespace ringside {

namespace {

std::string number(const std::optional<double>& value, int decimals)
{
    return value ? fmt::format("{:.{}f}", *value, decimals) : "";
}

// Small ones by their first digits.
std::string ratio_number(const std::optional<double>& value, int decimals)
{
    return value && *value < 0.1 ? fmt::format("{:.2g}", *value) : number(value, decimals);
}

// A bound of the value itself carries the unit.
std::string bound_text(const BenchRow& row)
{
    if (!row.bound)
        return "";
    return row.ratio ? ratio_number(row.bound, 2) : fmt::format("{:g} {}", *row.bound, row.unit);
}

std::string verdict(const BenchRow& row)
{
    if (!row.bound)
        return "";
    return row.met() ? "ok" : "ABOVE";
}

nlohmann::json json_number(const std::optional<double>& value)
{
    return value ? nlohmann::json(*value) : nlohmann::json();
}

std::string table_text(const std::vector<BenchRow>& rows)
{
    auto text = fmt::format("{:<46} {:>10} {:>10} {:<4} {:>7} {:>6} {:>6} {:>6}\n", "what", "median", "against", "", "ratio",
        "by CPU", "floor", "bound");
    for (const auto& row : rows)
        text += fmt::format("{:<46} {:>10} {:>10} {:<4} {:>7} {:>6} {:>6} {:>6}  {}\n", row.what,
            row.value > 0 ? number(row.value, row.value < 100 ? 2 : 0) : "", number(row.against, row.value < 100 ? 2 : 0),
            row.unit, ratio_number(row.ratio, 3), ratio_number(row.cpu_ratio, 3), number(row.floor, 3), bound_text(row), verdict(row));
    return text;
}

bool write_json(const BenchOptions& options, const std::vector<BenchRow>& rows)
{
    nlohmann::json json;
    json["runs"] = options.runs;
    for (const auto& row : rows)
        json["rows"].push_back({ { "what", row.what }, { "value", row.value }, { "unit", row.unit },
            { "against", json_number(row.against) }, { "ratio", json_number(row.ratio) },
            { "cpu_ratio", json_number(row.cpu_ratio) }, { "floor", json_number(row.floor) },
            { "bound", json_number(row.bound) }, { "met", row.met() } });
    std::ofstream file(options.json_path);
    file << json.dump(2) << '\n';
    return file.good();
}

}

int show_table(const BenchOptions& options, const std::vector<BenchRow>& rows)
{
    const char* warning = options.runs < fewest_runs ? " (too few to count)" : "";
    fmt::print("medians of {}{}\n\n{}", options.runs, warning, table_text(rows));
    if (!options.json_path.empty() && !write_json(options, rows)) {
        fmt::print(stderr, "bench: cannot write {}\n", options.json_path);
        return static_cast<int>(ExitCode::BadImage);
    }
    return std::all_of(rows.begin(), rows.end(), [](const BenchRow& row) { return row.met(); }) ? 0 : 1;
}

}
