#include "cli/option_checks.hpp"

namespace ringside {

CLI::Validator seconds_check()
{
    // CLI11's own check would print the largest double, all 309 digits of it.
    auto check = [](const std::string& text) {
        double value = 0;
        bool good = CLI::detail::lexical_cast(text, value) && value >= 0;
        return good ? "" : "'" + text + "' is no number of seconds";
    };
    return { check, "" };
}

CLI::Validator file_name_check()
{
    return { [](const std::string& path) { return path.empty() ? "a file needs a name" : ""; }, "" };
}

}
