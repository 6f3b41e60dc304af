#include "tests/escape/strategies.hpp"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <set>

namespace ringside::test {

namespace {

void tell_once(std::string_view name, const std::string& reason)
{
    static std::set<std::string> told;
    auto line = fmt::format("not attacked: {}: {}", name, reason);
    if (told.insert(line).second)
        fmt::print("{}\n", line);
}

}

std::vector<AttackedStrategy> attacked_strategies()
{
    std::vector<AttackedStrategy> found;
    for (const auto& entry : all_strategies()) {
        const auto& info = entry.info();
        auto availability = entry.probe();
        if (!availability.available)
            tell_once(info.name, availability.detail);
        else
            found.push_back({ std::string(info.name), info.guest == GuestKind::Paravirtual,
                info.direct });
    }
    return found;
}

std::string escape_file(const std::string& name)
{
    const char* directory = std::getenv("RINGSIDE_ESCAPE");
    auto beside = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "escape";
    return (directory ? std::filesystem::path(directory) : beside) / name;
}

}
