// Pieces of JSON for the exporters, which stream and therefore build no document.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringside {

// Appends `text` as a quoted JSON string. Whatever the bytes are, the result is valid JSON and valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

// Appends nanoseconds as microseconds with three decimals ("12.345", "-0.001").
void append_microseconds(std::string& out, int64_t nanoseconds);

}
