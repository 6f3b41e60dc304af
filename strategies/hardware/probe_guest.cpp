#include "strategies/hardware/probe_guest.hpp"

#include "strategies/hardware/register_state.hpp"

#include <cstring>
#include <sys/mman.h>

namespace ringside {

void ProbeGuest::Unmap::operator()(std::byte* memory) const
{
    munmap(memory, memory_bytes);
}

Result<ProbeGuest> ProbeGuest::create(const KvmSystem& system, std::span<const uint8_t> code)
{
    void* pages = mmap(nullptr, memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return kvm_failure("a page of memory");
    Memory memory(static_cast<std::byte*>(pages));
    auto machine = system.create_machine();
    if (!machine)
        return machine.propagate();
    if (auto mapped = machine->map(0, 0, { memory.get(), memory_bytes }); !mapped)
        return mapped.propagate();
    auto cpu = machine->create_cpu(system);
    if (!cpu)
        return cpu.propagate();
    std::memcpy(memory.get() + code_at, code.data(), code.size());
    RegisterState registers;
    if (auto put = registers.put(*cpu, multiboot_entry_state(code_at, 0)); !put)
        return put.propagate();
    return ProbeGuest(std::move(memory), std::move(*machine), std::move(*cpu));
}

}
