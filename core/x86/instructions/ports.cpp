// IN and OUT. The string forms are in strings.cpp.
#include "core/x86/instructions/handlers.hpp"

#include "core/x86/io_permission.hpp"
#include "core/x86/system_instructions.hpp"

namespace ringside {

MaybeFault execute_in(Execution& e)
{
    auto access = *port_access(e.state, e.instruction);
    if (auto fault = check_io_permission(e.engine.memory(), e.state, access.port, access.size))
        return fault;
    uint32_t value = e.engine.bus().read_port(access.port, access.size);
    Place accumulator { reinterpret_cast<std::byte*>(&e.state.gpr[Eax]), access.size };
    e.store(accumulator, value);
    e.exits_as(EventKind::PortRead, access.port, access.size, value);
    return {};
}

MaybeFault execute_out(Execution& e)
{
    auto access = *port_access(e.state, e.instruction);
    if (auto fault = check_io_permission(e.engine.memory(), e.state, access.port, access.size))
        return fault;
    uint32_t value = e.state.gpr[Eax] & arithmetic::mask_of(access.size * 8);
    e.engine.bus().write_port(access.port, access.size, value);
    e.exits_as(EventKind::PortWrite, access.port, access.size, value);
    return {};
}

}
