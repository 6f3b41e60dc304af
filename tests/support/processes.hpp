// What /proc says about processes, for tests of what is left behind.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace ringside::test {

// What the open descriptors of this process refer to, sorted.
std::vector<std::string> open_descriptors();
// The children of this process, zombies included.
std::vector<pid_t> children();
// False for a zombie too.
bool is_running(pid_t process);

}
