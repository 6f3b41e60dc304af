#include "core/trace/json_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>

namespace ringside {

namespace {

bool needs_no_escape(char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

}

void append_json_string(std::string& out, std::string_view text)
{
    if (!std::all_of(text.begin(), text.end(), needs_no_escape)) {
        // Bytes that are no UTF-8 become U+FFFD.
        out += nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
        return;
    }
    out += '"';
    out += text;
    out += '"';
}

void append_microseconds(std::string& out, int64_t nanoseconds)
{
    bool negative = nanoseconds < 0;
    uint64_t magnitude = negative ? 0 - static_cast<uint64_t>(nanoseconds) : static_cast<uint64_t>(nanoseconds);
    fmt::format_to(std::back_inserter(out), "{}{}.{:03}", negative ? "-" : "", magnitude / 1000, magnitude % 1000);
}

}
