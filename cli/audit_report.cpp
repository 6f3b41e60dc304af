#include "cli/audit_report.hpp"

#include "core/machine/kernel_image.hpp"
#include "core/trace/time_format.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ringside {

namespace {

constexpr std::size_t text_width = 27;   // of an instruction, in its column
constexpr std::size_t symbol_width = 36; // what is left of 80 columns behind it

std::string clipped(const std::string& text, std::size_t width)
{
    return text.size() <= width ? text : text.substr(0, width - 3) + "...";
}

// Words broken into lines of 80 columns, each indented.
std::string wrapped(std::string_view words, std::string_view indent)
{
    std::string text, line(indent);
    while (!words.empty()) {
        auto word = words.substr(0, words.find(' '));
        words.remove_prefix(std::min(words.size(), word.size() + 1));
        if (line.size() > indent.size() && line.size() + 1 + word.size() > 80) {
            text += line + '\n';
            line = indent;
        }
        line += (line.size() > indent.size() ? " " : "") + std::string(word);
    }
    return text + line + '\n';
}

// "holes (bantam.elf)"; a path alone says it all.
std::string heading_of(const AuditedImage& image)
{
    auto name = printable(image.name);
    if (image.name == image.path)
        return name;
    return fmt::format("{} ({})", name, printable(std::filesystem::path(image.path).filename().string()));
}

std::string kind_text(const AuditKind& kind, const AuditedImage& image, const Style& style)
{
    const auto& line = *kind.line;
    auto text = fmt::format("\n{}  {}{}\n", style.paint(Color::Bold, line.name), format_count(kind.count),
        line.list == SensitiveList::RobinIrvine ? "  [R&I]" : "");
    text += wrapped(line.effect, "  ");
    for (const auto& site : kind.sites)
        text += fmt::format("    {:#010x}  {:<{}} {}\n", site.address, clipped(site.text, text_width), text_width,
            clipped(printable(image.symbols.name_of(site.address)), symbol_width));
    if (kind.sites.size() < kind.count)
        text += fmt::format("    and {} more\n", format_count(kind.count - kind.sites.size()));
    return text;
}

std::string sensitive_text(const AuditedImage& image, const Style& style)
{
    const auto& kinds = image.audit.sensitive;
    if (kinds.empty())
        return "No instruction is sensitive without being privileged: a classic monitor sees\neverything that it must see.\n";
    auto text = wrapped(fmt::format("{} {} read or change privileged state without a fault when the kernel is not really "
                                    "in ring 0, so that a classic monitor does not see them:",
                            format_count(image.audit.sensitive_count()),
                            image.audit.sensitive_count() == 1 ? "instruction may" : "instructions may"),
        "");
    for (const auto& kind : kinds)
        text += kind_text(kind, image, style);
    return text;
}

std::string privileged_text(const Audit& audit, const Style& style)
{
    auto text = '\n' + style.paint(Color::Bold, "Privileged") + ": they fault outside ring 0, and a monitor sees them\n";
    std::string list;
    for (const auto& kind : audit.privileged)
        list += fmt::format("{}{} {}", list.empty() ? "" : ", ", kind.line->name, format_count(kind.count));
    return text + wrapped(list.empty() ? "none" : list, "  ");
}

std::string extent_text(const AuditedImage& image, const Style& style)
{
    auto text = '\n' + style.paint(Color::Bold, "Read") + ", instruction by instruction and anew at each symbol\n";
    for (const auto& range : image.ranges)
        text += fmt::format("  {:<20} {:#010x} to {:#010x}\n",
            clipped(range.name.empty() ? "loaded" : printable(range.name), 20), range.address,
            range.address + static_cast<uint32_t>(range.bytes.size()) - 1);
    text += fmt::format("  instructions {}; bytes that are none {}; bytes of padding {}\n",
        format_count(image.audit.instructions), format_count(image.audit.strays), format_count(image.audit.padding));
    text += wrapped("Data among the code may read as instructions, code may never be reached, and 16-bit code is read as "
                    "32-bit code: the list is what to look at, not what will happen.",
        "  ");
    if (image.symbols.symbols().empty())
        text += wrapped("The file has no symbols: what follows data may have been read from the wrong byte on.", "  ");
    return text;
}

nlohmann::json kind_json(const AuditKind& kind)
{
    const auto& line = *kind.line;
    return { { "name", line.name }, { "count", kind.count }, { "effect", line.effect }, { "source", line.source },
        { "robin_irvine", line.list == SensitiveList::RobinIrvine },
        { "io_privilege", line.kind == InstructionClass::IoPrivileged } };
}

nlohmann::json sensitive_json(const AuditedImage& image)
{
    auto list = nlohmann::json::array();
    for (const auto& kind : image.audit.sensitive) {
        auto entry = kind_json(kind);
        entry.erase("io_privilege");
        auto sites = nlohmann::json::array();
        for (const auto& site : kind.sites)
            sites.push_back(
                { { "address", site.address }, { "symbol", image.symbols.name_of(site.address) }, { "text", site.text } });
        entry["sites"] = std::move(sites);
        list.push_back(std::move(entry));
    }
    return list;
}

}

std::string audit_text(const AuditedImage& image, const Style& style)
{
    auto text = style.paint(Color::Bold, clipped(heading_of(image), 80)) + "\n\n";
    text += sensitive_text(image, style);
    if (!image.audit.sensitive.empty())
        text += "\n[R&I] in the list of Robin and Irvine (2000)\n";
    return text + privileged_text(image.audit, style) + extent_text(image, style);
}

nlohmann::json audit_json(const AuditedImage& image)
{
    auto privileged = nlohmann::json::array();
    for (const auto& kind : image.audit.privileged)
        privileged.push_back(kind_json(kind));
    auto ranges = nlohmann::json::array();
    for (const auto& range : image.ranges)
        ranges.push_back({ { "name", range.name }, { "address", range.address }, { "bytes", range.bytes.size() } });
    return {
        { "guest", image.name },
        { "kernel", image.path },
        { "sensitive", sensitive_json(image) },
        { "privileged", privileged },
        { "code", ranges },
        { "instructions", image.audit.instructions },
        { "stray_bytes", image.audit.strays },
        { "padding_bytes", image.audit.padding },
    };
}

}
