#include "core/report/csv_text.hpp"

#include <algorithm>
#include <cctype>

namespace ringside {

namespace {

bool is_number(std::string_view text)
{
    return !text.empty() && (std::isdigit(static_cast<unsigned char>(text.back())) != 0)
        && std::ranges::all_of(text.substr(1), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool looks_like_a_formula(std::string_view text)
{
    return !text.empty() && std::string_view { "=+-@\t\r\n" }.find(text.front()) != std::string_view::npos
        && !is_number(text);
}

}

std::string csv_field(std::string_view text)
{
    std::string field = looks_like_a_formula(text) ? "'" : "";
    field += text;
    std::ranges::replace(field, '\0', '?');
    if (field.find_first_of("\",\r\n") == std::string::npos)
        return field;
    for (auto at = field.find('"'); at != std::string::npos; at = field.find('"', at + 2))
        field.insert(at, 1, '"');
    return '"' + field + '"';
}

std::string csv_record(const std::vector<std::string>& fields)
{
    std::string record;
    for (const auto& field : fields)
        record += (&field == &fields.front() ? "" : ",") + csv_field(field);
    return record + "\r\n";
}

}
