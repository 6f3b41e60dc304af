#include "core/session/scenario.hpp"

#include "core/machine/guest_memory.hpp"
#include "core/machine/kernel_image.hpp"
#include "core/session/near_match.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace ringside {

namespace {

constexpr std::array outcome_names { std::string_view { "success" }, std::string_view { "failure" },
    std::string_view { "triple-fault" }, std::string_view { "timeout" } };
constexpr int64_t longest_timeout = 24 * 3600;

const std::vector<std::string>& known_keys()
{
    static const std::vector<std::string> keys {
        "name",
        "title",
        "kernel",
        "paravirtual_kernel",
        "modules",
        "append",
        "memory",
        "timeout",
        "outcome",
        "reason",
        "differs",
    };
    return keys;
}

const std::vector<std::string>& known_keys_of_difference()
{
    static const std::vector<std::string> keys { "outcome", "reason", "why" };
    return keys;
}

// Reads the keys of one file; the first thing that is wrong is kept.
class ScenarioReader {
public:
    ScenarioReader(const toml::table& table, std::string file, const std::vector<std::string>& keys)
        : m_table(table)
        , m_file(std::move(file))
        , m_keys(keys)
    {
        for (const auto& [key, value] : table)
            check_key(std::string { key.str() }, value);
    }

    // The tables in the table `key`, with their names.
    std::vector<std::pair<std::string, const toml::table*>> tables(std::string_view key)
    {
        std::vector<std::pair<std::string, const toml::table*>> found;
        const toml::node* node = m_table.get(key);
        if (node && !node->is_table())
            complain(line_of(node), fmt::format("'{}' must be a table", key));
        if (!node || !node->is_table())
            return found;
        for (const auto& [name, value] : *node->as_table()) {
            if (value.is_table())
                found.emplace_back(std::string { name.str() }, value.as_table());
            else
                complain(line_of(&value), fmt::format("'{}.{}' must be a table", key, printable(name.str())));
        }
        return found;
    }

    std::string text(std::string_view key, std::string_view otherwise)
    {
        return read<std::string>(key, "a text").value_or(std::string { otherwise });
    }
    std::string text(std::string_view key)
    {
        auto text = read<std::string>(key, "a text");
        if (!text || text->empty())
            complain(0, fmt::format("'{}' is missing", key));
        return text.value_or("");
    }
    unsigned number(std::string_view key, int64_t least, int64_t most, unsigned otherwise, std::string_view unit)
    {
        auto what = fmt::format("a whole number of {} from {} to {}", unit, least, most);
        auto number = read<int64_t>(key, what);
        if (number && (*number < least || *number > most))
            complain(line_of(m_table.get(key)), fmt::format("'{}' must be {}", key, what));
        return static_cast<unsigned>(number.value_or(otherwise));
    }
    std::vector<std::string> texts(std::string_view key)
    {
        const toml::node* node = m_table.get(key);
        const toml::array* array = node ? node->as_array() : nullptr;
        if (node && !array)
            complain(line_of(node), fmt::format("'{}' must be a list of texts", key));
        std::vector<std::string> texts;
        for (std::size_t i = 0; array && i < array->size(); ++i) {
            auto text = (*array)[i].value_exact<std::string>();
            if (!text)
                complain(line_of(&(*array)[i]), fmt::format("'{}' must be a list of texts", key));
            texts.push_back(text.value_or(""));
        }
        return texts;
    }
    ExpectedOutcome outcome(std::string_view key)
    {
        auto name = text(key, outcome_names[0]);
        auto found = std::ranges::find(outcome_names, name);
        if (found == outcome_names.end()) {
            complain(
                line_of(m_table.get(key)), fmt::format("'{}' must be one of {}", key, fmt::join(outcome_names, ", ")));
            return ExpectedOutcome::Success;
        }
        return static_cast<ExpectedOutcome>(found - outcome_names.begin());
    }

    void complain(unsigned line, const std::string& what)
    {
        if (!m_complaint.empty())
            return;
        m_complaint = line > 0 ? fmt::format("{}:{}: {}", m_file, line, what) : fmt::format("{}: {}", m_file, what);
    }
    // What another reader of the same file has found.
    void adopt(const std::string& complaint)
    {
        if (m_complaint.empty())
            m_complaint = complaint;
    }
    unsigned line_of_key(std::string_view key) const { return line_of(m_table.get(key)); }
    const std::string& complaint() const { return m_complaint; }

private:
    static unsigned line_of(const toml::node* node) { return node ? node->source().begin.line : 0; }

    template <typename T>
    std::optional<T> read(std::string_view key, std::string_view what)
    {
        const toml::node* node = m_table.get(key);
        if (!node)
            return std::nullopt;
        auto value = node->value_exact<T>();
        if (!value)
            complain(line_of(node), fmt::format("'{}' must be {}", key, what));
        return value;
    }

    void check_key(const std::string& key, const toml::node& value)
    {
        if (std::ranges::find(m_keys, key) != m_keys.end())
            return;
        auto near = nearest(key, m_keys);
        complain(line_of(&value),
            fmt::format(
                "unknown key '{}'{}", printable(key), near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }

    const toml::table& m_table;
    std::string m_file;
    const std::vector<std::string>& m_keys;
    std::string m_complaint;
};

std::vector<Difference> read_differences(ScenarioReader& in, const std::filesystem::path& file)
{
    std::vector<Difference> differences;
    for (const auto& [strategy, table] : in.tables("differs")) {
        ScenarioReader own(*table, printable(file.string()), known_keys_of_difference());
        Difference difference { strategy, own.text("why"), { own.outcome("outcome"), own.text("reason", ""), file } };
        difference.ending.console.replace_extension(strategy + ".expected");
        if (!own.complaint().empty())
            in.adopt(own.complaint());
        differences.push_back(std::move(difference));
    }
    return differences;
}

BootModule module_from(const std::string& text, const std::filesystem::path& guests)
{
    auto space = text.find(' ');
    if (space == std::string::npos)
        return { guests / text, "" };
    return { guests / text.substr(0, space), text.substr(space + 1) };
}

}

std::string_view expected_outcome_name(ExpectedOutcome outcome)
{
    return outcome_names[static_cast<std::size_t>(outcome)];
}

Result<BootRequest> Scenario::boot_for(GuestKind kind) const
{
    auto request = boot;
    if (kind == GuestKind::Unmodified)
        return request;
    if (paravirtual_kernel.empty())
        return fail(ExitCode::Usage, fmt::format("'{}' has no paravirtual kernel", name),
            "choose a strategy that runs unmodified kernels ('ringside strategies')");
    request.kernel_path = paravirtual_kernel;
    return request;
}

const Difference* Scenario::difference_under(std::string_view strategy) const
{
    auto found = std::ranges::find(differences, strategy, &Difference::strategy);
    return found == differences.end() ? nullptr : &*found;
}

const Ending& Scenario::ending_under(std::string_view strategy) const
{
    const auto* difference = difference_under(strategy);
    return difference ? difference->ending : ending;
}

Result<Scenario> parse_scenario(
    std::string_view text, const std::filesystem::path& file, const std::filesystem::path& guests)
{
    toml::parse_result parsed = toml::parse(text);
    auto name_of_file = printable(file.string());
    if (!parsed) {
        const auto& error = parsed.error();
        return fail(ExitCode::BadImage,
            fmt::format("{}:{}: {}", name_of_file, error.source().begin.line, printable(error.description())));
    }

    ScenarioReader in(parsed.table(), name_of_file, known_keys());
    Scenario scenario;
    scenario.name = in.text("name");
    scenario.title = in.text("title");
    scenario.boot.kernel_path = guests / in.text("kernel");
    scenario.boot.command_line = in.text("append", "");
    if (auto kernel = in.text("paravirtual_kernel", ""); !kernel.empty())
        scenario.paravirtual_kernel = guests / kernel;
    for (const auto& module : in.texts("modules"))
        scenario.boot.modules.push_back(module_from(module, guests));
    scenario.memory_mebibytes = in.number("memory", minimum_memory / mebibyte, maximum_memory / mebibyte, 32, "MiB");
    scenario.timeout_seconds = in.number("timeout", 1, longest_timeout, 0, "seconds");
    scenario.ending = { in.outcome("outcome"), in.text("reason", ""),
        std::filesystem::path { file }.replace_extension(".expected") };
    scenario.differences = read_differences(in, file);
    if (scenario.name != file.stem().string())
        in.complain(in.line_of_key("name"), "'name' must be the file's");
    if (!in.complaint().empty())
        return fail(ExitCode::BadImage, in.complaint());
    return scenario;
}

}
