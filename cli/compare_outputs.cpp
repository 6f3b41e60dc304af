#include "cli/compare_outputs.hpp"

#include "cli/run_report.hpp"
#include "core/machine/kernel_image.hpp"
#include "core/report/comparison_csv.hpp"
#include "core/report/comparison_html.hpp"
#include "core/report/comparison_json.hpp"
#include "core/report/comparison_markdown.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace ringside {

namespace {

std::string json(const Comparison& comparison)
{
    return json_text(comparison_json(comparison));
}

bool is_same_file(const std::string& a, const std::string& b)
{
    std::error_code error;
    return !a.empty() && !b.empty() && (a == b || std::filesystem::equivalent(a, b, error));
}

}

Result<CompareOutputs> CompareOutputs::prepare(const CompareOptions& options)
{
    CompareOutputs outputs;
    outputs.m_outputs = { { { json, options.json_path, {} }, { comparison_csv, options.csv_path, {} },
        { comparison_markdown, options.markdown_path, {} }, { comparison_html, options.html_path, {} } } };
    for (auto& output : outputs.m_outputs) {
        if (output.path.empty() || output.path == "-")
            continue;
        auto file = OutputFile::prepare(output.path);
        if (!file)
            return file.propagate();
        output.file = std::move(*file);
    }
    for (const auto& a : outputs.m_outputs) {
        for (const auto& b : outputs.m_outputs) {
            if (&a < &b && is_same_file(a.path, b.path))
                return fail(ExitCode::Usage, fmt::format("two results go to the same file, {}", printable(a.path)));
        }
    }
    return outputs;
}

bool CompareOutputs::takes_standard_output() const
{
    return std::ranges::any_of(m_outputs, [](const Output& output) { return output.path == "-"; });
}

Result<void> CompareOutputs::write(const Comparison& comparison)
{
    Result<void> first;
    for (auto& output : m_outputs) {
        if (output.path.empty())
            continue;
        auto text = output.format(comparison);
        auto done = output.path == "-" ? write_standard_output(text) : output.file.write(text);
        if (!done && first)
            first = done;
    }
    return first;
}

}
