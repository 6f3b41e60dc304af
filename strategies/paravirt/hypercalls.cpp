// The table of hypercalls, and those that are about the processor: traps, rings, page tables. hypercalls_devices.cpp has
// those that are about devices.
#include "strategies/paravirt/hypercalls.hpp"

#include "strategies/paravirt/frame_return.hpp"

#include <array>

namespace ringside::paravirt {

struct HypercallTable {
    using Perform = int32_t (Hypercalls::*)(Hypercalls::Call&);

    // By number. PV_HALT and PV_IRET, which do more than answer, are not here.
    static constexpr std::array<Perform, PV_TAKE_EVENTS + 1> rows {
        &Hypercalls::version,
        &Hypercalls::set_trap_table,
        &Hypercalls::set_boundary,
        &Hypercalls::create_address_space,
        &Hypercalls::switch_address_space,
        &Hypercalls::destroy_address_space,
        &Hypercalls::update_pages,
        &Hypercalls::set_timer,
        &Hypercalls::console_write,
        &Hypercalls::console_read,
        &Hypercalls::block,
        &Hypercalls::port,
        &Hypercalls::mark,
        &Hypercalls::exit,
        nullptr, // PV_HALT
        &Hypercalls::take_events,
    };
};

bool needs_registers(uint32_t number)
{
    return number == PV_IRET || number == PV_HALT;
}

Hypercalls::Hypercalls(Engine& engine, Substrate& substrate)
    : m_engine(engine)
    , m_substrate(substrate)
    , m_spaces(engine.memory(), substrate)
{
}

HypercallResult Hypercalls::perform(uint32_t number, CpuState& state, uint32_t argument)
{
    using After = HypercallResult::After;
    if (number == PV_IRET) {
        if (auto fault = return_from_frame(state, m_engine.memory(), m_boundary))
            return { After::Fault, PV_OK, *fault };
        return { After::Replaced };
    }
    if (number == PV_HALT) {
        state.eflags |= eflags::if_;
        state.halted = true;
        return { After::Halted };
    }
    if (number >= HypercallTable::rows.size())
        return { After::Answer, PV_ERROR_UNKNOWN };
    Call call { state, { m_engine.memory(), state }, argument };
    return { After::Answer, (this->*HypercallTable::rows[number])(call) };
}

int32_t Hypercalls::version(Call&)
{
    return PV_ABI_VERSION;
}

int32_t Hypercalls::set_trap_table(Call& call)
{
    pv_trap_table table;
    if (!call.memory.read(call.argument, table))
        return PV_ERROR_ADDRESS;
    if (table.count > PV_MOST_TRAPS)
        return PV_ERROR_INVALID;
    std::array<pv_trap_entry, PV_MOST_TRAPS> entries;
    auto used = std::span { entries }.first(table.count);
    if (table.entries % 4 != 0 || !call.memory.read_bytes(table.entries, std::as_writable_bytes(used)))
        return PV_ERROR_ADDRESS;
    return m_traps.set(used);
}

int32_t Hypercalls::set_boundary(Call& call)
{
    constexpr uint32_t step = 4 * mebibyte;
    pv_boundary boundary;
    if (!call.memory.read(call.argument, boundary))
        return PV_ERROR_ADDRESS;
    if (boundary.address == 0 || boundary.address % step != 0 || boundary.address > PV_MONITOR_BASE)
        return PV_ERROR_INVALID;
    m_boundary = boundary.address;
    m_substrate.set_boundary(m_boundary);
    return PV_OK;
}

int32_t Hypercalls::create_address_space(Call& call)
{
    pv_address_space space;
    return call.memory.read(call.argument, space) ? m_spaces.create(space.directory) : PV_ERROR_ADDRESS;
}

int32_t Hypercalls::switch_address_space(Call& call)
{
    pv_address_space space;
    return call.memory.read(call.argument, space) ? m_spaces.switch_to(call.state, space.directory) : PV_ERROR_ADDRESS;
}

int32_t Hypercalls::destroy_address_space(Call& call)
{
    pv_address_space space;
    return call.memory.read(call.argument, space) ? m_spaces.destroy(call.state, space.directory) : PV_ERROR_ADDRESS;
}

// The whole batch is read before the first change, which may be one of the page table that maps it. For the same reason
// `done` is stored before the changes that are noted take effect, and found writable again.
int32_t Hypercalls::update_pages(Call& call)
{
    pv_page_updates request;
    if (!call.memory.read(call.argument, request) || !call.memory.allows(call.argument, sizeof(request), Access::Write))
        return PV_ERROR_ADDRESS;
    if (request.count > PV_MOST_UPDATES)
        return PV_ERROR_INVALID;
    std::array<pv_page_update, PV_MOST_UPDATES> updates;
    auto used = std::span { updates }.first(request.count);
    if (request.updates % 4 != 0 || !call.memory.read_bytes(request.updates, std::as_writable_bytes(used)))
        return PV_ERROR_ADDRESS;

    int32_t answer = PV_OK;
    request.done = 0;
    while (request.done < request.count && answer == PV_OK) {
        const auto& update = used[request.done];
        answer = m_spaces.update(call.state, update.entry, update.value);
        request.done += answer == PV_OK;
    }
    m_spaces.finish(call.state);
    if (!call.memory.write(call.argument, request))
        return PV_ERROR_ADDRESS;
    return answer;
}

// The flag is on, or the guest would not have called: whoever performs hypercalls looks for events after each.
int32_t Hypercalls::take_events(Call&)
{
    return PV_OK;
}

}
