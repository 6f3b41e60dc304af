// The formats that a trace can be turned into: `ringside trace FILE --to NAME`.
#pragma once

#include "core/result.hpp"
#include "core/trace/trace_file.hpp"

#include <iosfwd>
#include <span>
#include <string_view>

namespace ringside {

// Reads the trace to its end and writes it to `out`, in constant memory. A truncated or damaged trace is exported up to
// where it is readable; reader.ending() tells afterwards.
using ExportFunction = Result<void> (*)(TraceReader& reader, std::ostream& out);

struct Exporter {
    std::string_view name;
    std::string_view description;
    ExportFunction run;
};

std::span<const Exporter> exporters();

// An Error that names the formats there are when `name` is none of them.
Result<void> export_trace(TraceReader& reader, std::string_view name, std::ostream& out);

}
