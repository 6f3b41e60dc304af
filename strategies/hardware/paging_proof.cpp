#include "strategies/hardware/paging_proof.hpp"

#include "strategies/hardware/register_state.hpp"
#include "strategies/hardware/probe_guest.hpp"

#include <cstring>

namespace ringside {

namespace {

constexpr uint8_t code[] { 0x0F, 0x22, 0xC0, 0xE6, 0x80, 0xF4 }; // mov cr0, eax; out 0x80, al; hlt

// SDM 3A figure 4-4: the first 4 MiB, each page where it is.
void write_page_tables(std::span<std::byte> memory)
{
    constexpr uint32_t directory_at = ProbeGuest::page_directory_at, table_at = directory_at + 0x1000;
    constexpr uint32_t present_and_writable = 3;
    auto write = [&](uint32_t at, uint32_t entry) { std::memcpy(&memory[at], &entry, sizeof(entry)); };
    write(directory_at, table_at | present_and_writable);
    for (uint32_t page = 0; page < ProbeGuest::memory_bytes; page += 0x1000)
        write(table_at + page / 0x1000 * 4, page | present_and_writable);
}

}

Result<bool> prove_paging(const KvmSystem& system)
{
    auto guest = ProbeGuest::create(system, code);
    if (!guest)
        return guest.propagate();
    write_page_tables(guest->memory());
    CpuState state = multiboot_entry_state(ProbeGuest::code_at, 0);
    state.gpr[Eax] = state.cr0 | cr0::pg;
    state.cr3 = ProbeGuest::page_directory_at;
    RegisterState registers;
    if (auto put = registers.put(guest->cpu(), state); !put)
        return put.propagate();
    const auto& block = guest->cpu().block();
    if (guest->cpu().run() != 0 || block.exit_reason != KVM_EXIT_IO)
        return false;
    return guest->cpu().run() == 0 && block.exit_reason == KVM_EXIT_HLT;
}

}
