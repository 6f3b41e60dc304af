#include "strategies/hardware/hardware_cpu.hpp"

#include "core/verify.hpp"
#include "core/x86/cpuid.hpp"
#include "core/x86/delivery.hpp"
#include "strategies/hardware/exit_cost.hpp"
#include "strategies/hardware/hardware.hpp"
#include "strategies/hardware/kvm_lists.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace ringside {

HardwareCpu::HardwareCpu(Engine& engine, KvmMachine machine, KvmCpu cpu)
    : m_engine(engine)
    , m_machine(std::move(machine))
    , m_cpu(std::move(cpu))
{
}

Result<void> HardwareCpu::set_up(const KvmSystem& system)
{
    m_thread = pthread_self();
    if (auto mapped = map_memory(); !mapped)
        return mapped;
    if (auto offered = offer_cpuid(); !offered)
        return offered;
    if (auto asked = ask_for_msr_exits(system); !asked)
        return asked;
    if (auto made = m_floating_unit.set_up(); !made)
        return made;
    constexpr int registers = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
    m_sees_registers = (system.offers(KVM_CAP_SYNC_REGS) & registers) == registers;
    m_exit_cost = measure_exit_cost(system);
    m_kernel_exits.open(m_cpu);
    m_tracepoint.open();
    return {};
}

// One slot a region, from the mapping that everybody else uses.
Result<void> HardwareCpu::map_memory()
{
    unsigned slot = 0;
    for (const auto& region : m_engine.memory().regions()) {
        auto memory = m_engine.memory().bytes(region.base, region.size);
        if (auto mapped = m_machine.map(slot++, region.base.value, memory); !mapped)
            return mapped;
    }
    return {};
}

// With the leaves near those that answer anything: where it is told nothing KVM does as Intel's processors do, and repeats
// the highest leaf (SDM 2A "CPUID").
Result<void> HardwareCpu::offer_cpuid()
{
    KvmList<kvm_cpuid_entry2, 96> table;
    auto add = [&](uint32_t first, uint32_t count) {
        for (uint32_t leaf = first; leaf < first + count; ++leaf) {
            auto answer = cpuid(leaf, 0);
            VERIFY(table.count < table.capacity);
            auto& entry = table.entries[table.count++];
            entry.function = leaf;
            entry.eax = answer.eax;
            entry.ebx = answer.ebx;
            entry.ecx = answer.ecx;
            entry.edx = answer.edx;
        }
    };
    constexpr uint32_t leaves = table.capacity / 3;
    add(0x00000000, leaves);
    add(0x40000000, leaves);
    add(0x80000000, leaves);
    if (m_cpu.call(kvm_request::set_cpuid2, &table) != 0)
        return kvm_failure("the CPU that ringside describes");
    return {};
}

// All of them: what registers there are is the engine's to say. A KVM without the filter (before Linux 5.10) answers by
// itself, for those that it knows.
Result<void> HardwareCpu::ask_for_msr_exits(const KvmSystem& system)
{
    if (system.offers(KVM_CAP_X86_MSR_FILTER) == 0 || system.offers(KVM_CAP_X86_USER_SPACE_MSR) == 0)
        return {};
    kvm_enable_cap capability {};
    capability.cap = KVM_CAP_X86_USER_SPACE_MSR;
    capability.args[0] = KVM_MSR_EXIT_REASON_FILTER | KVM_MSR_EXIT_REASON_UNKNOWN | KVM_MSR_EXIT_REASON_INVAL;
    if (m_machine.call(KVM_ENABLE_CAP, &capability) != 0)
        return kvm_failure("exits for model-specific registers");
    // A filter that denies by default must name something: eight registers that are denied as well.
    std::array<uint8_t, 1> none {};
    kvm_msr_filter filter {};
    filter.flags = KVM_MSR_FILTER_DEFAULT_DENY;
    filter.ranges[0] = { .flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE, .nmsrs = 8, .base = 0, .bitmap = none.data() };
    if (m_machine.call(KVM_X86_SET_MSR_FILTER, &filter) != 0)
        return kvm_failure("a filter for model-specific registers");
    return {};
}

// The guest reads the host's counter, plus what it has written itself (SDM 3C §25.3). A KVM without the attribute (before
// Linux 5.16) is told the value, which is then off by as long as that takes.
void HardwareCpu::share_time_stamp()
{
    uint64_t offset = m_engine.time_stamp_offset();
    kvm_device_attr attribute {};
    attribute.group = KVM_VCPU_TSC_CTRL;
    attribute.attr = KVM_VCPU_TSC_OFFSET;
    attribute.addr = reinterpret_cast<uint64_t>(&offset);
    if (m_cpu.call(KVM_SET_DEVICE_ATTR, &attribute) == 0)
        return;
    KvmList<kvm_msr_entry, 1> list;
    list.count = 1;
    list.entries[0] = { 0x10, 0, m_engine.time_stamp_counter() };
    m_cpu.call(kvm_request::set_msrs, &list);
}

const StrategyInfo& HardwareCpu::info() const
{
    return hardware_info();
}

std::vector<StrategyFile> HardwareCpu::files() const
{
    using enum StrategyFile::Use;
    std::vector<StrategyFile> files { { m_cpu.descriptor(), Control } };
    if (m_kernel_exits.descriptor() >= 0)
        files.push_back({ m_kernel_exits.descriptor(), Reading });
    for (int descriptor : m_tracepoint.descriptors())
        files.push_back({ descriptor, Control });
    return files;
}

void HardwareCpu::load(const CpuState& state)
{
    m_kick_signal.install();
    m_engine.recorder().block().rings_unseen = true;
    m_state = state;
    m_unfinished = false;
    share_time_stamp();
    put_state();
}

// What cannot be put in is a state that this processor cannot have; run() says so.
void HardwareCpu::put_state()
{
    auto put = m_registers.put(m_cpu, m_state);
    if (put)
        put = RegisterState::put_msrs(m_cpu, m_state.msrs);
    m_refused = put ? "" : put.error().message;
    m_interrupts_on = m_state.eflags & eflags::if_;
    m_open = m_interrupts_on && !m_state.interrupt_shadow;
    m_cpu.block().cr8 = 0;
}

CpuState HardwareCpu::save()
{
    take_state();
    deliver_interrupted();
    return m_state;
}

void HardwareCpu::take_state()
{
    if (!m_refused.empty())
        return;
    finish_access();
    auto taken = m_registers.take(m_cpu, m_state);
    VERIFY(taken);
}

// An access whose answer KVM has not taken yet is part of an instruction that is half done. It is completed without going
// on: KVM_RUN returns at once (api.rst, KVM_EXIT_IO). The rest of the instruction may be further accesses.
void HardwareCpu::finish_access()
{
    constexpr int most = 1 << 20; // of a repeated string instruction
    for (int i = 0; m_unfinished && i < most; ++i) {
        m_cpu.block().immediate_exit = 1;
        m_unfinished = false;
        if (m_cpu.run() == 0)
            (void)settle();
    }
    m_cpu.block().immediate_exit = m_kicked.load();
}

// An interrupt or exception that was on its way to its handler goes the rest of the way in software: CpuState knows only
// before and after. Where that fails, the instruction comes again and raises it again.
void HardwareCpu::deliver_interrupted()
{
    if (m_registers.nmi_waits())
        m_engine.return_nmi();
    auto event = m_registers.interrupted_delivery();
    if (!event && !m_registers.nmi_waits())
        return;
    if (event) {
        CpuState after = m_state;
        if (deliver(after, m_engine.memory(), *event).outcome == Delivery::Outcome::Delivered)
            m_state = after;
    }
    put_state();
}

void HardwareCpu::release()
{
    count_kernel_exits();
    m_tracepoint.enable(false);
    m_recording = false;
    m_kick_signal.remove();
}

// immediate_exit first: a signal that comes just before the guest is entered would be lost (api.rst, "immediate_exit").
void HardwareCpu::kick()
{
    if (m_kicked.exchange(true))
        return;
    std::atomic_ref(m_cpu.block().immediate_exit).store(1);
    if (!pthread_equal(pthread_self(), m_thread))
        pthread_kill(m_thread, KickSignal::number());
}

void HardwareCpu::follow_recording()
{
    bool wanted = m_engine.recorder().recording();
    if (wanted == m_recording)
        return;
    m_recording = wanted;
    m_tracepoint.enable(wanted);
    m_cpu.block().kvm_valid_regs = wanted && m_sees_registers ? KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS : 0;
}

Exit HardwareCpu::run()
{
    if (!m_refused.empty())
        return { Exit::Reason::Failed, m_refused };
    follow_recording();
    for (;;) {
        if (m_state.halted)
            return leave({ m_interrupts_on ? Exit::Reason::Halted : Exit::Reason::HaltedForGood });
        if (m_kicked.load(std::memory_order_relaxed) && m_kicked.exchange(false)) {
            std::atomic_ref(m_cpu.block().immediate_exit).store(0);
            // A kick between the two lines has set the flag for nothing; it is set again.
            if (m_kicked.load())
                std::atomic_ref(m_cpu.block().immediate_exit).store(1);
            return leave({ Exit::Reason::Kicked });
        }
        if (interrupt_is_wanted())
            return { Exit::Reason::InterruptWindow };
        if (auto exit = enter())
            return leave(*exit);
    }
}

// An NMI is KVM's to hold back until the guest lets it in.
bool HardwareCpu::interrupt_is_wanted()
{
    bool pending = m_engine.maskable_pending();
    bool now = pending && m_open && !m_unfinished;
    m_cpu.block().request_interrupt_window = pending && !now;
    return now || m_engine.nmi_pending();
}

std::optional<Exit> HardwareCpu::enter()
{
    auto& block = m_cpu.block();
    m_unfinished = false;
    int error = m_cpu.run();
    m_exit_begin = m_engine.begin_exit();
    m_interrupts_on = block.if_flag;
    m_open = block.ready_for_interrupt_injection && m_interrupts_on;
    if (m_recording)
        m_reason = m_tracepoint.drain(m_engine.recorder(), error == 0 ? ExitTracepoint::Return::Exit : ExitTracepoint::Return::Interrupted);
    if (error == EINTR || error == EAGAIN)
        return std::nullopt;
    if (error != 0)
        return Exit { Exit::Reason::Failed, fmt::format("KVM cannot enter the guest: {}", std::strerror(error)) };
    m_kernel_exits.came_here();
    m_engine.recorder().block().host_time += m_exit_cost;
    return settle();
}

Exit HardwareCpu::leave(Exit exit)
{
    count_kernel_exits();
    return exit;
}

void HardwareCpu::count_kernel_exits()
{
    bool each_seen = m_recording && m_tracepoint.is_open();
    m_kernel_exits.update(m_engine.recorder(), each_seen ? KernelExits::Counting::Skip : KernelExits::Counting::Add);
}

// HLT stands behind the instruction, so the guest goes on there.
Exit HardwareCpu::inject(EventType type, uint8_t vector)
{
    m_state.halted = false;
    m_open = false;
    if (type == EventType::Nmi) {
        VERIFY(m_cpu.call(KVM_NMI, 0) == 0);
        return { Exit::Reason::Kicked };
    }
    kvm_interrupt interrupt { vector };
    if (m_cpu.call(KVM_INTERRUPT, &interrupt) != 0)
        return { Exit::Reason::Failed, fmt::format("KVM does not take interrupt {:#x}: {}", vector, std::strerror(errno)) };
    return { Exit::Reason::Kicked };
}

}
