#include "tests/differential/qemu_cpu.hpp"

#include "core/x86/paging.hpp"

#include <algorithm>

namespace ringside::test {

namespace {

void write_log(GuestMemory& memory, const std::vector<LoggedEvent>& events)
{
    uint32_t at = program_layout::log;
    for (const auto& event : events) {
        memory.write(Gpa { at }, event);
        at += sizeof(LoggedEvent);
    }
}

void forgive(LoggedEvent& emulated, LoggedEvent& executed)
{
    emulated.eflags &= ~eflags::rf;
    executed.eflags &= ~eflags::rf;
    if (emulated.vector == PF && executed.vector == PF && emulated.cr2 == executed.cr2)
        executed.error |= emulated.error & page_fault_error::write;
}

}

void forgive_qemu(ProgramOutcome& emulated, GuestMemory& emulated_memory, ProgramOutcome& executed, GuestMemory& executed_memory)
{
    for (std::size_t i = 0; i < std::min(emulated.events.size(), executed.events.size()); ++i)
        forgive(emulated.events[i], executed.events[i]);
    write_log(emulated_memory, emulated.events);
    write_log(executed_memory, executed.events);
}

}
