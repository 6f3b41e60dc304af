#include "core/x86/instructions/execution.hpp"

#include <bit>
#include <cstring>
#include <utility>

namespace ringside {

namespace {

constexpr uint64_t low_bytes(uint64_t value, unsigned bytes)
{
    return bytes >= 8 ? value : value & ((uint64_t { 1 } << (8 * bytes)) - 1);
}

}

MaybeFault Execution::find_place(unsigned index, Access access, Place& place)
{
    const auto& target = operand(index);
    if (target.type == ZYDIS_OPERAND_TYPE_REGISTER) {
        place.host = register_bytes(state, target.reg.value);
        place.bytes = target.size / 8u;
        return {};
    }
    return find_memory(segment_of(target), effective_offset(state, instruction, target), target.size / 8u, access, place);
}

MaybeFault Execution::find_memory(
    SegmentRegister segment, uint32_t offset, unsigned bytes, Access access, Place& place)
{
    if (auto refused = check_segment_access(state, segment, offset, bytes, access))
        return refused;
    Gla address = Gla { state.segment(segment).base } + offset;
    if (auto page = linear().translate(address, bytes, access, privilege_of(state), place.extent))
        return page;
    if (is_misaligned(address, bytes))
        return fault_with_code(AC, 0);
    place.bytes = bytes;
    place.host = nullptr;
    if (place.extent.second_length == 0)
        place.host = access == Access::Write
            ? engine.memory().bytes(place.extent.first, bytes).data()
            : const_cast<std::byte*>(std::as_const(engine.memory()).bytes(place.extent.first, bytes).data());
    return {};
}

// SDM 3A §6.15 "Interrupt 17": only programs in ring 3 are watched, and only if both flags ask for it.
bool Execution::is_misaligned(Gla address, unsigned bytes) const
{
    bool watched = (state.eflags & eflags::ac) && (state.cr0 & cr0::am) && state.cpl() == 3;
    return watched && address.value % bytes != 0;
}

uint64_t Execution::load_wide(const Place& place)
{
    if (place.host) {
        uint64_t value = 0;
        std::memcpy(&value, place.host, place.bytes);
        return value;
    }
    uint64_t value = load_run(place.extent.first, place.extent.first_length);
    if (place.extent.second_length)
        value |= load_run(place.extent.second, place.extent.second_length) << (8 * place.extent.first_length);
    return value;
}

void Execution::store(const Place& place, uint64_t value)
{
    if (place.host) {
        std::memcpy(place.host, &value, place.bytes);
        return;
    }
    store_run(place.extent.first, place.extent.first_length, value);
    if (place.extent.second_length)
        store_run(place.extent.second, place.extent.second_length, value >> (8 * place.extent.first_length));
}

// RAM, or a device, which is asked in accesses of 4, 2 and 1 bytes.
uint64_t Execution::load_run(Gpa address, unsigned bytes)
{
    uint64_t value = 0;
    if (auto source = std::as_const(engine.memory()).bytes(address, bytes); !source.empty()) {
        std::memcpy(&value, source.data(), bytes);
        return value;
    }
    for (unsigned done = 0; done < bytes;) {
        unsigned piece = bytes - done >= 4 ? 4 : std::bit_floor(bytes - done);
        value |= uint64_t { engine.bus().read_memory(address + done, piece) } << (8 * done);
        done += piece;
    }
    exits_as(EventKind::MmioRead, address.value, bytes, static_cast<uint32_t>(value));
    return value;
}

void Execution::store_run(Gpa address, unsigned bytes, uint64_t value)
{
    if (auto target = engine.memory().bytes(address, bytes); !target.empty()) {
        std::memcpy(target.data(), &value, bytes);
        return;
    }
    for (unsigned done = 0; done < bytes;) {
        unsigned piece = bytes - done >= 4 ? 4 : std::bit_floor(bytes - done);
        auto part = static_cast<uint32_t>(low_bytes(value >> (8 * done), piece));
        engine.bus().write_memory(address + done, piece, part);
        done += piece;
    }
    exits_as(EventKind::MmioWrite, address.value, bytes, static_cast<uint32_t>(low_bytes(value, bytes)));
}

MaybeFault Execution::read(unsigned index, uint32_t& value)
{
    const auto& source = operand(index);
    if (source.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        value = immediate(index);
        return {};
    }
    if (source.type == ZYDIS_OPERAND_TYPE_REGISTER) {
        auto segment = segment_register(source.reg.value);
        value = segment ? state.segment(*segment).selector : register_value(state, source.reg.value);
        return {};
    }
    Place place;
    if (auto fault = find_place(index, Access::Read, place))
        return fault;
    value = load(place);
    return {};
}

MaybeFault Execution::write(unsigned index, uint32_t value)
{
    Place place;
    if (auto fault = find_place(index, Access::Write, place))
        return fault;
    store(place, value);
    return {};
}

MaybeFault Execution::read_memory(SegmentRegister segment, uint32_t offset, unsigned bytes, uint32_t& value)
{
    Place place;
    if (auto fault = find_memory(segment, offset, bytes, Access::Read, place))
        return fault;
    value = load(place);
    return {};
}

MaybeFault Execution::push(uint32_t value, unsigned bytes)
{
    uint32_t top = (state.gpr[Esp] - bytes) & stack_mask(state.segment(Ss));
    Place place;
    if (auto fault = find_memory(Ss, top, bytes, Access::Write, place))
        return fault;
    store(place, value);
    set_stack_pointer(top);
    return {};
}

MaybeFault Execution::peek(uint32_t depth, unsigned bytes, uint32_t& value)
{
    return read_memory(Ss, (state.gpr[Esp] + depth) & stack_mask(state.segment(Ss)), bytes, value);
}

void Execution::set_stack_pointer(uint32_t esp)
{
    uint32_t mask = stack_mask(state.segment(Ss));
    state.gpr[Esp] = (state.gpr[Esp] & ~mask) | (esp & mask);
}

MaybeFault Execution::check_branch_target(uint32_t target) const
{
    if (within_limit(state.segment(Cs), target, 1))
        return {};
    return fault(GP);
}

MaybeFault Execution::require_ring_0() const
{
    if (state.cpl() == 0)
        return {};
    return fault(GP);
}

MaybeFault Execution::require_io_privilege() const
{
    if (state.cpl() <= state.iopl())
        return {};
    return fault(GP);
}

MaybeFault Execution::require_protected_mode() const
{
    if (state.protected_mode() && !state.virtual_8086())
        return {};
    return fault_without_code(UD);
}

}
