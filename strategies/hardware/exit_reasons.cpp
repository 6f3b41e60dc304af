#include "strategies/hardware/exit_reasons.hpp"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <string_view>

namespace ringside {

namespace {

std::string instruction_bytes(const kvm_run& block)
{
    const auto& failure = block.emulation_failure;
    constexpr uint32_t words_with_bytes = 3; // flags, and 16 bytes
    if (failure.ndata < words_with_bytes || !(failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES))
        return "";
    std::string text = ":";
    std::size_t size = std::min<std::size_t>(failure.insn_size, sizeof(failure.insn_bytes));
    for (std::size_t i = 0; i < size; ++i)
        text += fmt::format(" {:02x}", failure.insn_bytes[i]);
    return text;
}

std::string internal_error(const kvm_run& block)
{
    switch (block.internal.suberror) {
    case KVM_INTERNAL_ERROR_EMULATION:
        return "KVM cannot execute an instruction in software" + instruction_bytes(block);
    case KVM_INTERNAL_ERROR_SIMUL_EX:
        return "KVM met two exceptions at once";
    case KVM_INTERNAL_ERROR_DELIVERY_EV:
        return "KVM met an exit on the way to an interrupt handler that it does not know how to go on from";
    case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON:
        return fmt::format("KVM met an exit that it does not know: {:#x}", block.internal.ndata > 0 ? block.internal.data[0] : 0);
    default:
        return fmt::format("KVM met an error of its own: {}", block.internal.suberror);
    }
}

}

std::string describe_exit(const kvm_run& block)
{
    switch (block.exit_reason) {
    case KVM_EXIT_INTERNAL_ERROR:
        return internal_error(block);
    case KVM_EXIT_FAIL_ENTRY:
        return fmt::format("the processor does not enter the guest: hardware reason {:#x}",
            block.fail_entry.hardware_entry_failure_reason);
    case KVM_EXIT_UNKNOWN:
        return fmt::format("KVM does not know the exit {:#x}", block.hw.hardware_exit_reason);
    default:
        return fmt::format("KVM came back for a reason that nobody asked for: {}", block.exit_reason);
    }
}

}
