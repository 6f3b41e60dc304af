#include "core/paravirt_names.hpp"

#include "core/paravirt_abi.h"

#include <algorithm>
#include <array>

namespace ringside {

namespace {

struct Name {
    uint32_t number;
    std::string_view name;
};

constexpr std::array names {
    Name { PV_VERSION, "version" },
    Name { PV_SET_TRAP_TABLE, "set-trap-table" },
    Name { PV_SET_BOUNDARY, "set-boundary" },
    Name { PV_CREATE_ADDRESS_SPACE, "create-address-space" },
    Name { PV_SWITCH_ADDRESS_SPACE, "switch-address-space" },
    Name { PV_DESTROY_ADDRESS_SPACE, "destroy-address-space" },
    Name { PV_UPDATE_PAGES, "update-pages" },
    Name { PV_SET_TIMER, "set-timer" },
    Name { PV_CONSOLE_WRITE, "console-write" },
    Name { PV_CONSOLE_READ, "console-read" },
    Name { PV_BLOCK, "block" },
    Name { PV_PORT, "port" },
    Name { PV_MARK, "mark" },
    Name { PV_EXIT, "exit" },
    Name { PV_HALT, "halt" },
    Name { PV_TAKE_EVENTS, "take-events" },
    Name { PV_IRET, "iret" },
    Name { PV_RETURN_TO_RING_3, "return-to-ring-3" },
};

}

std::string_view hypercall_name(uint64_t number)
{
    auto found = std::ranges::find(names, number, &Name::number);
    return found == names.end() ? "unknown" : found->name;
}

}
