// A guest of a few instructions with a page or two of its own, to find out something about this KVM.
#pragma once

#include "core/result.hpp"
#include "strategies/hardware/kvm.hpp"

#include <cstdint>
#include <span>

namespace ringside {

class ProbeGuest {
public:
    static constexpr uint32_t memory_bytes = 0x4000;
    static constexpr uint32_t code_at = 0x1000;
    static constexpr uint32_t page_directory_at = 0x2000; // empty

    // In 32-bit protected mode with flat segments, ring 0, paging off, at the first of these instructions.
    static Result<ProbeGuest> create(const KvmSystem& system, std::span<const uint8_t> code);

    KvmCpu& cpu() { return m_cpu; }
    std::span<std::byte> memory() const { return { m_memory.get(), memory_bytes }; }

private:
    struct Unmap {
        void operator()(std::byte* memory) const;
    };
    using Memory = std::unique_ptr<std::byte, Unmap>;
    ProbeGuest(Memory memory, KvmMachine machine, KvmCpu cpu)
        : m_memory(std::move(memory))
        , m_machine(std::move(machine))
        , m_cpu(std::move(cpu))
    {
    }

    Memory m_memory;
    KvmMachine m_machine;
    KvmCpu m_cpu;
};

}
