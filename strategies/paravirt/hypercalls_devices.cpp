// The hypercalls that are about devices: timer, console, disks, ports, the monitor's own time line, the end.
#include "strategies/paravirt/event_controllers.hpp"
#include "strategies/paravirt/hypercalls.hpp"

#include <algorithm>

namespace ringside::paravirt {

namespace {

// Ports of the platform (DESIGN section 4; PC16550D §8).
constexpr uint16_t serial_data = 0x3F8, serial_status = 0x3FD, marker_port = 0xE8, debug_exit_port = 0xF4;
constexpr uint32_t data_ready = 0x01;

}

int32_t Hypercalls::set_timer(Call& call)
{
    pv_timer timer;
    if (!call.memory.read(call.argument, timer) || !call.memory.allows(call.argument, sizeof(timer), Access::Write))
        return PV_ERROR_ADDRESS;
    if (timer.period != 0 && (timer.period < PV_LEAST_PERIOD || timer.period > PV_MOST_PERIOD))
        return PV_ERROR_INVALID;
    timer.period = set_event_timer(m_engine.bus(), timer.period);
    call.memory.write(call.argument, timer);
    return PV_OK;
}

int32_t Hypercalls::console_write(Call& call)
{
    pv_console console;
    if (!call.memory.read(call.argument, console)
        || !call.memory.allows(call.argument, sizeof(console), Access::Write))
        return PV_ERROR_ADDRESS;
    if (console.size > PV_MOST_TEXT)
        return PV_ERROR_INVALID;
    if (!call.memory.allows(console.text, console.size, Access::Read))
        return PV_ERROR_ADDRESS;
    call.memory.visit(console.text, console.size, Access::Read, [this](std::span<std::byte> piece) {
        for (std::byte character : piece)
            m_engine.bus().write_port(serial_data, 1, std::to_integer<uint32_t>(character));
        return true;
    });
    console.done = console.size;
    call.memory.write(call.argument, console);
    return PV_OK;
}

int32_t Hypercalls::console_read(Call& call)
{
    pv_console console;
    if (!call.memory.read(call.argument, console)
        || !call.memory.allows(call.argument, sizeof(console), Access::Write))
        return PV_ERROR_ADDRESS;
    if (console.size > PV_MOST_TEXT)
        return PV_ERROR_INVALID;
    if (!call.memory.allows(console.text, console.size, Access::Write))
        return PV_ERROR_ADDRESS;
    console.done = 0;
    call.memory.visit(console.text, console.size, Access::Write, [&](std::span<std::byte> piece) {
        for (std::byte& character : piece) {
            if (!(m_engine.bus().read_port(serial_status, 1) & data_ready))
                return false;
            character = static_cast<std::byte>(m_engine.bus().read_port(serial_data, 1));
            ++console.done;
        }
        return true;
    });
    return call.memory.write(call.argument, console) ? PV_OK : PV_ERROR_ADDRESS;
}

int32_t Hypercalls::block(Call& call)
{
    pv_block request;
    if (!call.memory.read(call.argument, request)
        || !call.memory.allows(call.argument, sizeof(request), Access::Write))
        return PV_ERROR_ADDRESS;
    if (request.operation > PV_BLOCK_CAPACITY)
        return PV_ERROR_INVALID;
    auto disks = m_engine.disks();
    if (request.disk >= disks.size())
        return PV_ERROR_ABSENT;
    Disk& disk = disks[request.disk];
    if (request.operation != PV_BLOCK_CAPACITY)
        return transfer(call.memory, request, disk);
    request.count = disk.sectors();
    request.read_only = disk.read_only();
    call.memory.write(call.argument, request);
    return PV_OK;
}

// A sector may lie across two pages that are far apart in physical memory, so the pieces are collected first.
int32_t Hypercalls::transfer(const GuestAccess& memory, const pv_block& request, Disk& disk)
{
    bool reads = request.operation == PV_BLOCK_READ;
    if (request.count > PV_MOST_SECTORS)
        return PV_ERROR_INVALID;
    uint32_t bytes = request.count * PV_SECTOR;
    if (!memory.allows(request.data, bytes, reads ? Access::Write : Access::Read))
        return PV_ERROR_ADDRESS;
    if (!disk.contains(request.sector, request.count) || (!reads && disk.read_only()))
        return PV_ERROR_DEVICE;

    std::array<std::byte, PV_MOST_SECTORS * PV_SECTOR> buffer;
    auto data = std::span { buffer }.first(bytes);
    if (reads)
        return disk.read(request.sector, data) && memory.write_bytes(request.data, data) ? PV_OK : PV_ERROR_DEVICE;
    return memory.read_bytes(request.data, data) && disk.write(request.sector, data) ? PV_OK : PV_ERROR_DEVICE;
}

int32_t Hypercalls::port(Call& call)
{
    pv_port access;
    if (!call.memory.read(call.argument, access) || !call.memory.allows(call.argument, sizeof(access), Access::Write))
        return PV_ERROR_ADDRESS;
    bool size_exists = access.size == 1 || access.size == 2 || access.size == 4;
    if (!size_exists || access.write > 1)
        return PV_ERROR_INVALID;
    if (access.write) {
        m_engine.bus().write_port(access.port, access.size, access.value);
        return PV_OK;
    }
    access.value = m_engine.bus().read_port(access.port, access.size);
    call.memory.write(call.argument, access);
    return PV_OK;
}

int32_t Hypercalls::mark(Call& call)
{
    pv_mark mark;
    if (!call.memory.read(call.argument, mark))
        return PV_ERROR_ADDRESS;
    m_engine.bus().write_port(marker_port, 4, mark.value);
    return PV_OK;
}

// The run loop ends the machine before the guest's next instruction.
int32_t Hypercalls::exit(Call& call)
{
    pv_exit exit;
    if (!call.memory.read(call.argument, exit))
        return PV_ERROR_ADDRESS;
    m_engine.bus().write_port(debug_exit_port, 4, exit.status);
    return PV_OK;
}

}
