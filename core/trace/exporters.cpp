#include "core/trace/exporters.hpp"

#include "core/trace/export_chrome.hpp"
#include "core/trace/export_jsonl.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <ostream>

namespace ringside {

namespace {

Result<void> export_pcapng(TraceReader& reader, std::ostream&)
{
    return fail(ExitCode::Unavailable, fmt::format("{}: this trace holds no packets", reader.path()),
        "packets are recorded by guests that have a network");
}

constexpr Exporter table[] {
    { "chrome", "Chrome trace JSON, for ui.perfetto.dev or chrome://tracing", export_chrome },
    { "jsonl", "JSON lines, one object for each event", export_jsonl },
    { "pcapng", "the packets, for Wireshark", export_pcapng },
};

std::string names()
{
    std::string list;
    for (const auto& exporter : table)
        list += fmt::format("{}{}", list.empty() ? "" : ", ", exporter.name);
    return list;
}

}

std::span<const Exporter> exporters()
{
    return table;
}

Result<void> export_trace(TraceReader& reader, std::string_view name, std::ostream& out)
{
    auto found = std::find_if(std::begin(table), std::end(table), [&](const auto& e) { return e.name == name; });
    if (found == std::end(table))
        return fail(ExitCode::Usage, fmt::format("there is no trace format '{}'", name),
            fmt::format("choose one of {}", names()));
    auto done = found->run(reader, out);
    if (done && !out.flush())
        return fail(ExitCode::BadImage, "the output could not be written to its end", "is the disk full?");
    return done;
}

}
