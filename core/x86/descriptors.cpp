#include "core/x86/descriptors.hpp"

namespace ringside {

namespace {

// The byte of a descriptor that holds P, DPL, S and type: bits 40..47.
constexpr uint32_t rights_byte = 5;

}

MaybeFault find_descriptor(
    GuestMemory& memory, const CpuState& state, Selector selector, Fault on_limit, FoundDescriptor& found)
{
    // SDM 3A §3.5.1: a limit of 8n - 1 for n descriptors. A null LDTR refers to no table at all.
    uint32_t base = selector.is_local() ? state.ldtr.base : state.gdtr.base;
    uint32_t limit = selector.is_local() ? state.ldtr.limit : state.gdtr.limit;
    if (selector.is_local() && !state.ldtr.is_present())
        return on_limit;
    if (!(limit >= 7 && selector.table_offset() <= limit - 7))
        return on_limit;
    found.address = Gla { base } + selector.table_offset();
    return LinearMemory(memory, state).read(found.address, found.descriptor.raw, Privilege::Supervisor);
}

MaybeFault mark_accessed(GuestMemory& memory, const CpuState& state, FoundDescriptor& found)
{
    if (found.descriptor.type() & segment_type::accessed)
        return {};
    Descriptor marked { found.descriptor.raw | uint64_t { segment_type::accessed } << 40 };
    auto rights = static_cast<uint8_t>(marked.raw >> 40);
    if (auto fault = LinearMemory(memory, state).write(found.address + rights_byte, rights, Privilege::Supervisor))
        return fault;
    found.descriptor = marked;
    return {};
}

MaybeFault set_system_type(GuestMemory& memory, const CpuState& state, Gla address, SystemType type)
{
    LinearMemory linear(memory, state);
    uint8_t rights = 0;
    if (auto fault = linear.read(address + rights_byte, rights, Privilege::Supervisor))
        return fault;
    rights = static_cast<uint8_t>((rights & 0xF0) | static_cast<uint8_t>(type));
    return linear.write(address + rights_byte, rights, Privilege::Supervisor);
}

}
