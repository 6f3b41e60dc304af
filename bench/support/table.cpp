#include "bench/support/table.hpp"

#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

namespace ringside {

namespace {

std::string number(const std::optional<double>& value, int decimals)
{
    return value ? fmt::format("{:.{}f}", *value, decimals) : "";
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

}

std::string table_text(const std::vector<BenchRow>& rows)
{
    auto text = fmt::format("{:<46} {:>10} {:>10} {:<4} {:>6} {:>6} {:>6} {:>6}\n", "what", "median", "against", "", "ratio",
        "by CPU", "floor", "bound");
    for (const auto& row : rows)
        text += fmt::format("{:<46} {:>10} {:>10} {:<4} {:>6} {:>6} {:>6} {:>6}  {}\n", row.what,
            row.value > 0 ? number(row.value, row.value < 100 ? 2 : 0) : "", number(row.against, row.value < 100 ? 2 : 0),
            row.unit, number(row.ratio, 3), number(row.cpu_ratio, 3), number(row.floor, 3), number(row.bound, 2), verdict(row));
    return text;
}

bool write_table_json(const std::string& path, const std::vector<BenchRow>& rows, unsigned runs)
{
    nlohmann::json json;
    json["runs"] = runs;
    for (const auto& row : rows)
        json["rows"].push_back({ { "what", row.what }, { "value", row.value }, { "unit", row.unit },
            { "against", json_number(row.against) }, { "ratio", json_number(row.ratio) },
            { "cpu_ratio", json_number(row.cpu_ratio) }, { "floor", json_number(row.floor) },
            { "bound", json_number(row.bound) }, { "met", row.met() } });
    std::ofstream file(path);
    file << json.dump(2) << '\n';
    return file.good();
}

}
