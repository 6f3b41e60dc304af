// What brought the guest to the monitor, and what becomes of it.
#include "strategies/hardware/exit_reasons.hpp"
#include "strategies/hardware/hardware_cpu.hpp"

#include "core/verify.hpp"
#include "core/x86/delivery.hpp"
#include "core/x86/floating_emulator.hpp"
#include "core/x86/instruction_emulator.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace ringside {

std::optional<Exit> HardwareCpu::settle()
{
    auto& block = m_cpu.block();
    switch (block.exit_reason) {
    case KVM_EXIT_IO:
        on_ports();
        return std::nullopt;
    case KVM_EXIT_MMIO:
        on_memory();
        return std::nullopt;
    case KVM_EXIT_X86_RDMSR:
        on_msr_read();
        return std::nullopt;
    case KVM_EXIT_X86_WRMSR:
        on_msr_write();
        return std::nullopt;
    case KVM_EXIT_HLT:
        m_state.halted = true;
        return std::nullopt;
    case KVM_EXIT_IRQ_WINDOW_OPEN:
        record(EventKind::InterruptWindow, 0, 0, 0);
        return std::nullopt;
    case KVM_EXIT_INTR:
        return std::nullopt;
    case KVM_EXIT_SHUTDOWN:
        m_engine.recorder().event({ .kind = EventKind::TripleFault, .real_ring = RealRing::NonRoot });
        return Exit { Exit::Reason::TripleFault, "the processor shut down" };
    case KVM_EXIT_INTERNAL_ERROR:
        return internal_error();
    default:
        return Exit { Exit::Reason::Failed, describe_exit(block) };
    }
}

// One exit can stand for several accesses: those of a repeated string instruction that KVM takes together.
void HardwareCpu::on_ports()
{
    const auto access = m_cpu.block().io; // a copy: the guest does not run, but the page is shared
    auto data = m_cpu.data(access.data_offset, uint64_t { access.size } * access.count);
    m_unfinished = true;
    for (std::size_t at = 0; at + access.size <= data.size(); at += access.size) {
        if (at != 0)
            m_exit_begin = m_engine.begin_exit();
        uint32_t value = 0;
        if (access.direction == KVM_EXIT_IO_OUT) {
            std::memcpy(&value, &data[at], access.size);
            m_engine.bus().write_port(access.port, access.size, value);
        } else {
            value = m_engine.bus().read_port(access.port, access.size);
            std::memcpy(&data[at], &value, access.size);
        }
        record(access.direction == KVM_EXIT_IO_OUT ? EventKind::PortWrite : EventKind::PortRead, access.port, access.size, value);
    }
}

// The bus takes 1, 2 or 4 bytes; KVM brings up to 8, and may cut an access where a page ends.
void HardwareCpu::on_memory()
{
    auto& access = m_cpu.block().mmio;
    m_unfinished = true;
    uint32_t length = std::min<uint32_t>(access.len, sizeof(access.data));
    for (uint32_t at = 0; at < length;) {
        unsigned size = length - at >= 4 ? 4 : length - at >= 2 ? 2 : 1;
        if (at != 0)
            m_exit_begin = m_engine.begin_exit();
        Gpa address { access.phys_addr + at };
        uint32_t value = 0;
        if (access.is_write) {
            std::memcpy(&value, access.data + at, size);
            m_engine.bus().write_memory(address, size, value);
        } else {
            value = m_engine.bus().read_memory(address, size);
            std::memcpy(access.data + at, &value, size);
        }
        record(access.is_write ? EventKind::MmioWrite : EventKind::MmioRead, address.value, size, value);
        at += size;
    }
}

void HardwareCpu::on_msr_read()
{
    auto& access = m_cpu.block().msr;
    m_unfinished = true;
    auto value = m_engine.read_msr(m_state, access.index);
    access.error = !value; // #GP(0)
    access.data = value.value_or(0);
    record(EventKind::MsrRead, access.data, access.index, 0);
}

// The registers that KVM has a use for follow ours.
void HardwareCpu::on_msr_write()
{
    auto& access = m_cpu.block().msr;
    m_unfinished = true;
    auto before = m_state.msrs;
    bool good = m_engine.write_msr(m_state, access.index, access.data);
    access.error = !good;
    if (good && m_state.msrs != before)
        VERIFY(RegisterState::put_msrs(m_cpu, m_state.msrs));
    if (constexpr uint32_t time_stamp_counter = 0x10; good && access.index == time_stamp_counter)
        share_time_stamp();
    record(EventKind::MsrWrite, access.data, access.index, 0);
}

void HardwareCpu::record(EventKind kind, uint64_t a, uint32_t b, uint32_t c)
{
    EventRecord event { .time = m_exit_begin, .kind = kind, .real_ring = RealRing::NonRoot, .raw = m_cpu.block().exit_reason,
        .a = a, .b = b, .c = c };
    if (m_recording && m_sees_registers) {
        const auto& registers = m_cpu.block().s.regs;
        event.eip = static_cast<uint32_t>(registers.regs.rip);
        event.virtual_ring = registers.sregs.cr0 & cr0::pe ? registers.sregs.ss.dpl & 3 : 0;
    }
    if (m_reason) {
        event.raw = m_reason->code;
        event.eip = m_reason->eip;
    }
    m_engine.end_exit(event);
}

// KVM executes instructions that touch a device in software, and does not know them all.
std::optional<Exit> HardwareCpu::internal_error()
{
    auto refused = describe_exit(m_cpu.block());
    if (m_cpu.block().internal.suberror != KVM_INTERNAL_ERROR_EMULATION)
        return Exit { Exit::Reason::Failed, std::move(refused) };
    return execute_in_software(refused);
}

// core/x86 knows the others that CPUID offers.
std::optional<Exit> HardwareCpu::execute_in_software(const std::string& refused)
{
    take_state();
    const auto* instruction = m_decoder.find(m_engine.memory(), m_state);
    if (!instruction)
        return take_fault(m_decoder.fault());
    uint32_t eip = m_state.eip;
    auto done = emulate_instruction(m_engine, m_state, *instruction);
    if (done.outcome == Emulated::Outcome::Unsupported)
        done = emulate_floating(m_engine, m_state, *instruction, m_state.fxsave.data(), m_floating_unit);
    switch (done.outcome) {
    case Emulated::Outcome::Fault:
        return take_fault(done.fault);
    case Emulated::Outcome::Done:
    case Emulated::Outcome::Halted:
        put_state();
        record(done.kind == EventKind::Count_ ? EventKind::MemoryEmulated : done.kind, done.a, done.b, done.c);
        return std::nullopt;
    case Emulated::Outcome::Unsupported:
    case Emulated::Outcome::SoftwareInterrupt:
        break;
    }
    return Exit { Exit::Reason::Failed, fmt::format("{}; {} at eip {:#010x} cannot be emulated", refused,
        ZydisMnemonicGetString(instruction->info.mnemonic), eip) };
}

std::optional<Exit> HardwareCpu::take_fault(const Fault& fault)
{
    auto delivery = deliver(m_state, m_engine.memory(),
        { .type = EventType::HardwareException, .vector = fault.vector, .has_error_code = fault.has_error_code,
            .error_code = fault.error_code, .fault_address = fault.address, .return_eip = m_state.eip });
    if (delivery.outcome == Delivery::Outcome::TripleFault)
        return Exit { Exit::Reason::TripleFault,
            fmt::format("{} at eip {:#010x} in ring {}", describe_chain(delivery), m_state.eip, delivery.from_ring) };
    put_state();
    record(EventKind::Exception, fault.vector == PF ? fault.address : m_state.eip, fault.vector, fault.error_code);
    return std::nullopt;
}

}
