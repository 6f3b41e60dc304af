// Every access to memory that an instruction is about to make, as a list: what a page fault is matched against, and
// what the emulation of an instruction has to check.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/x86/decode.hpp"
#include "core/x86/operands.hpp"
#include "core/x86/paging.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace ringside {

struct MemoryAccess {
    MemoryReference where {};
    Access access = Access::Read; // Write also for read-modify-write, which asks for the right to write first
};

class MemoryAccesses {
public:
    void add(MemoryAccess access)
    {
        if (m_count < m_items.size())
            m_items[m_count++] = access;
    }
    const MemoryAccess* begin() const { return m_items.data(); }
    const MemoryAccess* end() const { return m_items.data() + m_count; }
    std::size_t size() const { return m_count; }

private:
    std::array<MemoryAccess, 6> m_items {}; // ENTER has the most: three
    std::size_t m_count = 0;
};

// In the order in which the processor makes them: an instruction reads all that it reads before it writes anything.
// One iteration of a repeated string instruction. Accesses to descriptor tables, the TSS and a new stack that the
// instruction causes are not in the list.
MemoryAccesses memory_accesses(const CpuState& state, const Instruction& instruction);

}
