#include "strategies/hardware/exit_reasons.hpp"
#include "tests/catch.hpp"

#include <cstring>

using namespace ringside;

namespace {

kvm_run emulation_failure(std::initializer_list<uint8_t> bytes)
{
    kvm_run block {};
    block.exit_reason = KVM_EXIT_INTERNAL_ERROR;
    block.emulation_failure.suberror = KVM_INTERNAL_ERROR_EMULATION;
    block.emulation_failure.ndata = 3;
    block.emulation_failure.flags = KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
    block.emulation_failure.insn_size = static_cast<uint8_t>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), block.emulation_failure.insn_bytes);
    return block;
}

}

TEST_CASE("An instruction that KVM cannot execute is named by its bytes", "[hardware]")
{
    CHECK(describe_exit(emulation_failure({ 0x0F, 0x6F, 0x05 }))
        == "KVM cannot execute an instruction in software: 0f 6f 05");
}

TEST_CASE("Bytes that KVM does not tell are not shown", "[hardware]")
{
    auto block = emulation_failure({ 0x90 });
    block.emulation_failure.flags = 0;
    CHECK(describe_exit(block) == "KVM cannot execute an instruction in software");
    block.emulation_failure.flags = KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
    block.emulation_failure.ndata = 0;
    CHECK(describe_exit(block) == "KVM cannot execute an instruction in software");
}

TEST_CASE("A length of instruction that cannot be is cut", "[hardware]")
{
    auto block = emulation_failure({ 0x90 });
    block.emulation_failure.insn_size = 255;
    CHECK(describe_exit(block).size() == std::strlen("KVM cannot execute an instruction in software:") + 15 * 3);
}

TEST_CASE("Entries that fail and exits that nobody knows carry the hardware's number", "[hardware]")
{
    kvm_run block {};
    block.exit_reason = KVM_EXIT_FAIL_ENTRY;
    block.fail_entry.hardware_entry_failure_reason = 0x80000021;
    CHECK(describe_exit(block) == "the processor does not enter the guest: hardware reason 0x80000021");
    block.exit_reason = KVM_EXIT_UNKNOWN;
    block.hw.hardware_exit_reason = 0x31;
    CHECK(describe_exit(block) == "KVM does not know the exit 0x31");
    block.exit_reason = 999;
    CHECK(describe_exit(block) == "KVM came back for a reason that nobody asked for: 999");
}
