#include "strategies/emulation/watched_instructions.hpp"

#include "core/x86/control_registers.hpp"
#include "core/x86/paging.hpp"
#include "core/x86/system_instructions.hpp"

#include <algorithm>

namespace ringside {

std::vector<uint8_t> fetch_code(GuestMemory& memory, const CpuState& state, uint32_t begin, uint32_t size)
{
    std::vector<uint8_t> bytes;
    while (bytes.size() < size) {
        Gla address = Gla { begin } + static_cast<uint32_t>(bytes.size());
        auto walk = walk_pages(memory, state, address, Access::Execute, Privilege::Supervisor, AccessedDirty::Leave);
        auto chunk = std::min<std::size_t>(size - bytes.size(), page_size - address.page_offset());
        auto source = walk.present ? memory.bytes(walk.physical, chunk) : std::span<std::byte> {};
        if (source.empty())
            break;
        for (std::byte byte : source)
            bytes.push_back(std::to_integer<uint8_t>(byte));
    }
    return bytes;
}

std::optional<Watch> watch_for(const Instruction& instruction)
{
    if (is_system_instruction(instruction))
        return Watch { WatchReason::Emulate };
    if (loads_checked_register(instruction))
        return Watch { WatchReason::Check };
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
        return Watch { WatchReason::RingChange, RingChangeCause::Iret };
    case ZYDIS_MNEMONIC_STI:
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFD:
        return Watch { WatchReason::Opening };
    case ZYDIS_MNEMONIC_SYSEXIT:
        return Watch { WatchReason::RingChange, RingChangeCause::Sysexit };
    case ZYDIS_MNEMONIC_RET:
        if (instruction.info.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
            return Watch { WatchReason::RingChange, RingChangeCause::FarTransfer };
        return std::nullopt;
    case ZYDIS_MNEMONIC_IN:
    case ZYDIS_MNEMONIC_OUT:
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD:
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSW:
    case ZYDIS_MNEMONIC_OUTSD:
        return Watch { WatchReason::Port };
    default:
        return std::nullopt;
    }
}

std::vector<WatchedInstruction> find_watched_instructions(
    GuestMemory& memory, const CpuState& state, uint32_t begin, uint32_t size)
{
    std::vector<WatchedInstruction> found;
    auto bytes = fetch_code(memory, state, begin, size);
    Instruction instruction;
    for (std::size_t at = 0; at < bytes.size(); at += instruction.length()) {
        if (!decode_bytes(state, std::span { bytes }.subspan(at), instruction))
            break;
        if (auto watch = watch_for(instruction))
            found.push_back({ begin + static_cast<uint32_t>(at), *watch });
    }
    return found;
}

}
