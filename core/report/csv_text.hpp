// Comma-separated values, as RFC 4180 has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ringside {

// Quoted where the text needs it. A text that a spreadsheet would execute (it begins with = + - @ or a control
// character, and is no number) gets an apostrophe before it.
std::string csv_field(std::string_view text);

// One record with its line end, CRLF.
std::string csv_record(const std::vector<std::string>& fields);

}
