// The same guest on Unicorn without Ringside: the floor for the engine. No devices, no timer, no trace, no exits timed.
//
//     bare-unicorn KERNEL COMMAND-LINE [MODULE]...
//
// What it has, because bantam's compute path needs it: RAM mapped, an IN hook (a serial port that is always ready, and
// its scratch register), an OUT hook (serial output to standard output, and the debug-exit port), an interrupt hook with
// delivery by core/x86 for system calls and page faults. A timer never fires. HLT ends the run.
// Nothing gets this loop's guest back before the guest gives itself up.
#include "core/machine/multiboot.hpp"
#include "core/x86/delivery.hpp"
#include "core/x86/descriptors.hpp"
#include "core/x86/fault.hpp"
#include "strategies/emulation/unicorn_state.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

using namespace ringside;

namespace {

struct BareMachine {
    GuestMemory memory;
    UnicornEngine unicorn;
    UnicornState state;
    CpuState cpu;
    uint32_t vector = 0;
    bool raised = false;
    int exit_code = -1;
    uint8_t scratch = 0;

    BareMachine(GuestMemory guest, UnicornEngine engine, const UnicornLayout& layout)
        : memory(std::move(guest))
        , unicorn(std::move(engine))
        , state(unicorn, layout)
    {
    }
};

BareMachine& machine_of(void* user)
{
    return *static_cast<BareMachine*>(user);
}

uint32_t on_in(uc_engine*, uint32_t port, int, void* user)
{
    constexpr uint32_t transmitter_empty = 0x60;
    if (port == 0x3FD)
        return transmitter_empty;
    return port == 0x3FF ? machine_of(user).scratch : 0;
}

void on_out(uc_engine* uc, uint32_t port, int, uint32_t value, void* user)
{
    auto byte = static_cast<uint8_t>(value);
    if (port == 0x3FF)
        machine_of(user).scratch = byte;
    // The baud rate divisor, 1, goes to the same port; it is no character.
    if (port == 0x3F8 && byte != 1 && write(STDOUT_FILENO, &byte, 1) != 1)
        uc_emu_stop(uc);
    if (port == 0xF4) {
        machine_of(user).exit_code = byte;
        uc_emu_stop(uc);
    }
}

void on_interrupt(uc_engine* uc, uint32_t vector, void* user)
{
    machine_of(user).vector = vector;
    machine_of(user).raised = true;
    uc_emu_stop(uc);
}

bool add_hooks(BareMachine& machine)
{
    auto add = [&](int type, auto callback, auto... extra) {
        uc_hook hook = 0;
        return uc_hook_add(machine.unicorn.get(), &hook, type, reinterpret_cast<void*>(callback), &machine, 1, 0, extra...)
            == UC_ERR_OK;
    };
    return add(UC_HOOK_INTR, on_interrupt) && add(UC_HOOK_INSN, on_in, UC_X86_INS_IN)
        && add(UC_HOOK_INSN, on_out, UC_X86_INS_OUT);
}

bool map_memory(BareMachine& machine)
{
    for (const auto& region : machine.memory.regions()) {
        auto bytes = machine.memory.bytes(region.base, region.size);
        if (uc_mem_map_ptr(machine.unicorn.get(), region.base.value, region.size, UC_PROT_ALL, bytes.data()) != UC_ERR_OK)
            return false;
    }
    return true;
}

// Only what the compute path raises: INT n of two bytes, and page faults.
bool deliver_raised(BareMachine& machine)
{
    machine.raised = false;
    machine.state.save(machine.cpu, StatePart::Integer);
    auto vector = static_cast<uint8_t>(machine.vector);
    Event event { .type = EventType::HardwareException, .vector = vector, .has_error_code = pushes_error_code(vector),
        .error_code = machine.state.error_code(), .fault_address = machine.cpu.cr2, .return_eip = machine.cpu.eip };
    if (machine.state.raised_by_int_instruction()) {
        event = { .type = EventType::SoftwareInterrupt, .vector = vector, .return_eip = machine.cpu.eip };
        machine.cpu.eip -= 2;
    }
    if (deliver(machine.cpu, machine.memory, event).outcome != Delivery::Outcome::Delivered)
        return false;
    machine.state.load(machine.cpu, StatePart::Integer);
    return true;
}

int run(BareMachine& machine)
{
    uc_engine* uc = machine.unicorn.get();
    for (;;) {
        uint32_t eip = 0;
        uc_reg_read(uc, UC_X86_REG_EIP, &eip);
        if (uc_err error = uc_emu_start(uc, eip, 0, 0, 0); error != UC_ERR_OK) {
            fmt::print(stderr, "bare-unicorn: {} at {:#x}\n", uc_strerror(error), eip);
            return static_cast<int>(ExitCode::GuestFailed);
        }
        if (machine.exit_code >= 0)
            return machine.exit_code;
        if (!machine.raised || !deliver_raised(machine))
            return static_cast<int>(ExitCode::GuestFailed);
    }
}

Result<int> boot_and_run(const BootRequest& boot)
{
    auto memory = GuestMemory::create(32 * mebibyte);
    if (!memory)
        return memory.propagate();
    auto kernel = load_multiboot(*memory, boot);
    if (!kernel)
        return kernel.propagate();
    auto layout = find_unicorn_layout();
    if (!layout)
        return layout.propagate();
    auto unicorn = UnicornEngine::create();
    if (!unicorn)
        return unicorn.propagate();
    BareMachine machine(std::move(*memory), std::move(*unicorn), *layout);
    uc_ctl_exits_enable(machine.unicorn.get());
    if (!map_memory(machine) || !add_hooks(machine))
        return fail(ExitCode::Unavailable, "Unicorn refuses the set-up");
    machine.state.load(multiboot_entry_state(kernel->entry, kernel->information_address), StatePart::All);
    return run(machine);
}

}

int main(int argc, char** argv)
{
    if (argc < 3) {
        fmt::print(stderr, "usage: {} KERNEL COMMAND-LINE [MODULE]...\n", argv[0]);
        return static_cast<int>(ExitCode::Usage);
    }
    BootRequest boot { argv[1], argv[2], {} };
    for (int i = 3; i < argc; ++i)
        boot.modules.push_back({ argv[i], "" });
    auto status = boot_and_run(boot);
    if (!status) {
        fmt::print(stderr, "bare-unicorn: {}\n", status.error().message);
        return static_cast<int>(status.error().code);
    }
    return *status;
}
