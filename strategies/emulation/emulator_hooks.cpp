// What the emulator does while the guest is between two instructions, called by Unicorn.
#include "core/verify.hpp"
#include "core/x86/control_registers.hpp"
#include "core/x86/cpuid.hpp"
#include "core/x86/io_permission.hpp"
#include "core/x86/system_instructions.hpp"
#include "strategies/emulation/emulator.hpp"

#include <fmt/format.h>
#include <utility>

namespace ringside {

namespace {

constexpr uint64_t physical_end = uint64_t { 1 } << physical_address_bits;

// Unicorn takes callbacks as void*, and hooks of every address as begin > end.
template<typename Callback, typename... Extra>
uc_err add_hook(uc_engine* engine, int type, Callback callback, void* self, Extra... extra)
{
    uc_hook hook = 0;
    return uc_hook_add(engine, &hook, type, reinterpret_cast<void*>(callback), self, 1, 0, extra...);
}

}

Result<void> Emulator::map_memory()
{
    auto& memory = m_engine.memory();
    uc_engine* uc = m_unicorn.get();
    uint64_t end = 0;
    // What is not RAM belongs to devices. The offsets that the callbacks get are from the hole's start, so there is one
    // pair of callbacks a hole, each of which knows where it starts.
    auto map_hole = [&](uint64_t begin, uint64_t size) {
        if (size == 0)
            return UC_ERR_OK;
        auto read = [](uc_engine*, uint64_t offset, unsigned bytes, void* user) -> uint64_t {
            auto& hole = *static_cast<Hole*>(user);
            return hole.emulator->on_memory_read(Gpa { hole.begin + offset }, bytes);
        };
        auto write = [](uc_engine*, uint64_t offset, unsigned bytes, uint64_t value, void* user) {
            auto& hole = *static_cast<Hole*>(user);
            hole.emulator->on_memory_write(Gpa { hole.begin + offset }, bytes, value);
        };
        m_holes.push_back(std::make_unique<Hole>(Hole { this, begin }));
        return uc_mmio_map(uc, begin, size, read, m_holes.back().get(), write, m_holes.back().get());
    };
    for (const auto& region : memory.regions()) {
        uc_err error = map_hole(end, region.base.value - end);
        if (error == UC_ERR_OK)
            error = uc_mem_map_ptr(uc, region.base.value, region.size, UC_PROT_ALL, memory.bytes(region.base, region.size).data());
        if (error != UC_ERR_OK)
            return fail(ExitCode::Unavailable, fmt::format("Unicorn cannot map guest memory: {}", uc_strerror(error)));
        end = region.base.value + region.size;
    }
    if (uc_err error = map_hole(end, physical_end - end); error != UC_ERR_OK)
        return fail(ExitCode::Unavailable, fmt::format("Unicorn cannot map device memory: {}", uc_strerror(error)));
    return {};
}

Result<void> Emulator::add_hooks()
{
    uc_engine* uc = m_unicorn.get();
    uc_err error = UC_ERR_OK;
    auto add = [&](int type, auto callback, auto... extra) {
        if (error == UC_ERR_OK)
            error = add_hook(uc, type, +callback, this, extra...);
    };
    add(UC_HOOK_INTR, [](uc_engine*, uint32_t vector, void* self) { static_cast<Emulator*>(self)->on_interrupt(vector); });
    add(UC_HOOK_EDGE_GENERATED, [](uc_engine*, uc_tb* block, uc_tb*, void* self) {
        static_cast<Emulator*>(self)->on_translated(static_cast<uint32_t>(block->pc), block->size);
    });
    add(
        UC_HOOK_INSN,
        [](uc_engine*, uint32_t port, int size, void* self) -> uint32_t {
            return static_cast<Emulator*>(self)->on_port_read(static_cast<uint16_t>(port), static_cast<unsigned>(size));
        },
        UC_X86_INS_IN);
    add(
        UC_HOOK_INSN,
        [](uc_engine*, uint32_t port, int size, uint32_t value, void* self) {
            static_cast<Emulator*>(self)->on_port_write(static_cast<uint16_t>(port), static_cast<unsigned>(size), value);
        },
        UC_X86_INS_OUT);
    // A result other than 0 tells Unicorn that the instruction is done.
    add(
        UC_HOOK_INSN,
        [](uc_engine*, void* self) -> int {
            static_cast<Emulator*>(self)->on_cpuid();
            return 1;
        },
        UC_X86_INS_CPUID);
    if (error != UC_ERR_OK)
        return fail(ExitCode::Unavailable, fmt::format("Unicorn refuses a hook: {}", uc_strerror(error)));
    return {};
}

void Emulator::stop(Stop why)
{
    m_stop = why;
    m_stops->stop_at_instruction();
}

void Emulator::stop_here(Stop why)
{
    m_flags_form = m_stops->flags_form(read_register(UC_X86_REG_EIP));
    stop(why);
}

void Emulator::on_interrupt(uint32_t vector)
{
    m_exit_begin = m_engine.begin_exit();
    m_vector = vector;
    stop(Stop::Event);
}

void Emulator::on_debug_trap(uint32_t status)
{
    m_exit_begin = m_engine.begin_exit();
    m_debug_status = status;
    stop_here(Stop::Debug);
}

// Called by Unicorn's loop before the block runs for the first time. A stop from here is exact: the loop sees it before it
// enters the block, and EIP is the block's.
void Emulator::on_translated(uint32_t address, uint32_t size)
{
    m_state.save(m_cpu, StatePart::Integer);
    m_new_watches.clear();
    for (const auto& watched : find_watched_instructions(m_engine.memory(), m_cpu, address, size)) {
        if (watched.watch.may_let_interrupts_in())
            m_stops->note_opening(address, watched.watch.reason == WatchReason::RingChange);
        auto known = m_watches.find(watched.address);
        if (is_wanted(watched.watch) && (known == m_watches.end() || known->second.reason == WatchReason::Verify))
            m_new_watches.push_back(watched);
    }
    guard_code(address, size);
    m_new_block = address;
    if (!m_new_watches.empty())
        return stop(Stop::Translate);
    if (m_flush_tlb)
        stop(Stop::Changed);
}

// In the block that was translated just now, for m_cpu. What does not depend on recording leaves the translations as they
// are when it begins. An IRET that is single-stepped leaves its block by an exception.
bool Emulator::is_wanted(const Watch& watch) const
{
    switch (watch.reason) {
    case WatchReason::Emulate:
    case WatchReason::Check:
        return true;
    case WatchReason::Port:
        return m_watch_for_trace || m_cpu.cpl() > m_cpu.iopl() || m_cpu.virtual_8086();
    case WatchReason::RingChange:
        return m_watch_for_trace || watch.cause != RingChangeCause::Iret || (m_cpu.eflags & eflags::tf);
    case WatchReason::Opening:
    case WatchReason::Verify:
        break;
    }
    return false;
}

void Emulator::on_watched(uint32_t address)
{
    if (!is_current(address))
        return stop_here(Stop::Changed);
    const auto& watch = m_watches[address];
    switch (watch.reason) {
    case WatchReason::Opening:
    case WatchReason::Verify:
        return;
    case WatchReason::RingChange:
        m_look_at_ring = m_exact_rings;
        m_look_cause = watch.cause;
        // Once Unicorn is told to stop it calls no further hook at this instruction.
        if (m_exact_rings && (watch.is_far_return() || m_debug.watching()))
            m_stops->request();
        else if (m_exact_rings)
            m_stops->request_after_return();
        return;
    case WatchReason::Port:
        m_exact_eip = read_register(UC_X86_REG_EIP);
        return check_port_permission();
    case WatchReason::Check:
        return check_register_value();
    case WatchReason::Emulate:
        // The code may have changed since the watch was set.
        m_state.save(m_cpu, StatePart::Integer);
        auto decoded = decode_instruction(m_engine.memory(), m_cpu);
        if (decoded.fault || !is_system_instruction(decoded.instruction))
            return;
        m_exit_begin = m_engine.begin_exit();
        return stop_here(Stop::Emulate);
    }
}

// Unicorn loads any value into CR0 and CR4 and takes a null selector for TR; outside ring 0 it raises #GP(0) itself.
void Emulator::check_register_value()
{
    m_state.save(m_cpu, StatePart::Integer);
    auto decoded = decode_instruction(m_engine.memory(), m_cpu);
    if (decoded.fault)
        return;
    if (auto fault = check_system_register(m_cpu, decoded.instruction)) {
        m_exit_begin = m_engine.begin_exit();
        m_fault = *fault;
        stop_here(Stop::Fault);
    }
}

// Unicorn lets every program use every port: the check of IOPL and of the bitmap in the TSS is made here.
void Emulator::check_port_permission()
{
    m_state.save(m_cpu, StatePart::Integer);
    if (m_cpu.cpl() <= m_cpu.iopl() && !m_cpu.virtual_8086())
        return;
    auto decoded = decode_instruction(m_engine.memory(), m_cpu);
    if (decoded.fault)
        return;
    auto access = port_access(m_cpu, decoded.instruction);
    if (!access)
        return;
    if (auto fault = check_io_permission(m_engine.memory(), m_cpu, access->port, access->size)) {
        m_exit_begin = m_engine.begin_exit();
        m_fault = *fault;
        stop_here(Stop::Fault);
    }
}

// Where the guest was is looked up only when somebody records it. EIP is exact at CPUID and at a port access, otherwise
// that of the block.
EventRecord Emulator::exit_record(EventKind kind)
{
    EventRecord record { .time = m_exit_begin, .kind = kind };
    uint32_t watched_eip = std::exchange(m_exact_eip, 0);
    if (m_engine.recorder().recording()) {
        record.virtual_ring = static_cast<uint8_t>(m_ring);
        bool is_port = kind == EventKind::PortRead || kind == EventKind::PortWrite;
        if (watched_eip != 0)
            record.eip = watched_eip;
        else
            record.eip = is_port ? m_stops->running_instruction() : m_stops->running_block();
    }
    return record;
}

uint32_t Emulator::on_port_read(uint16_t port, unsigned size)
{
    m_exit_begin = m_engine.begin_exit();
    uint32_t value = m_engine.bus().read_port(port, size);
    auto record = exit_record(EventKind::PortRead);
    record.a = port;
    record.b = size;
    record.c = value;
    m_engine.end_exit(record);
    return value;
}

void Emulator::on_port_write(uint16_t port, unsigned size, uint32_t value)
{
    m_exit_begin = m_engine.begin_exit();
    m_engine.bus().write_port(port, size, value);
    auto record = exit_record(EventKind::PortWrite);
    record.a = port;
    record.b = size;
    record.c = value;
    m_engine.end_exit(record);
}

uint64_t Emulator::on_memory_read(Gpa address, unsigned size)
{
    m_exit_begin = m_engine.begin_exit();
    uint64_t value = m_engine.bus().read_memory(address, size > 4 ? 4 : size);
    if (size == 8)
        value |= uint64_t { m_engine.bus().read_memory(address + 4, 4) } << 32;
    auto record = exit_record(EventKind::MmioRead);
    record.a = address.value;
    record.b = size;
    record.c = static_cast<uint32_t>(value);
    m_engine.end_exit(record);
    return value;
}

void Emulator::on_memory_write(Gpa address, unsigned size, uint64_t value)
{
    m_exit_begin = m_engine.begin_exit();
    m_engine.bus().write_memory(address, size > 4 ? 4 : size, static_cast<uint32_t>(value));
    if (size == 8)
        m_engine.bus().write_memory(address + 4, 4, static_cast<uint32_t>(value >> 32));
    auto record = exit_record(EventKind::MmioWrite);
    record.a = address.value;
    record.b = size;
    record.c = static_cast<uint32_t>(value);
    m_engine.end_exit(record);
}

// Unicorn's own answer differs between versions and CPU models; ours is one table for every strategy.
void Emulator::on_cpuid()
{
    m_exit_begin = m_engine.begin_exit();
    m_exact_eip = read_register(UC_X86_REG_EIP);
    uint32_t leaf = read_register(UC_X86_REG_EAX);
    uint32_t subleaf = read_register(UC_X86_REG_ECX);
    auto result = cpuid(leaf, subleaf);
    uc_reg_write(m_unicorn.get(), UC_X86_REG_EAX, &result.eax);
    uc_reg_write(m_unicorn.get(), UC_X86_REG_EBX, &result.ebx);
    uc_reg_write(m_unicorn.get(), UC_X86_REG_ECX, &result.ecx);
    uc_reg_write(m_unicorn.get(), UC_X86_REG_EDX, &result.edx);
    auto record = exit_record(EventKind::Cpuid);
    record.a = leaf;
    record.b = subleaf;
    m_engine.end_exit(record);
}

}
