// What the values of several commands' options must be.
#pragma once

#include <CLI/CLI.hpp>

namespace ringside {

CLI::Validator seconds_check();
CLI::Validator file_name_check();

}
