// String instructions, with and without repetition (SDM 2B "REP/REPE/REPZ/REPNE/REPNZ").
#include "core/x86/instructions/handlers.hpp"

#include "core/x86/io_permission.hpp"
#include "core/x86/system_instructions.hpp"

#include <span>

namespace ringside {

namespace {

// How much a repeated instruction does before the caller gets a chance to let interrupts in.
constexpr uint32_t bytes_at_a_time = page_size;

enum class Repeat : uint8_t { Once, Counted, WhileEqual, WhileUnequal };

// The last of several prefixes counts.
Repeat repetition(const Instruction& instruction, bool compares)
{
    const auto& raw = instruction.info.raw;
    for (unsigned i = raw.prefix_count; i-- > 0;) {
        uint8_t prefix = raw.prefixes[i].value;
        if (prefix == 0xF3)
            return compares ? Repeat::WhileEqual : Repeat::Counted;
        if (prefix == 0xF2)
            return compares ? Repeat::WhileUnequal : Repeat::Counted;
    }
    return Repeat::Once;
}

// SSE2 has a MOVSD and a CMPSD of its own; those have visible operands.
bool is_string_instruction(const Instruction& instruction)
{
    return instruction.info.operand_count_visible == 0;
}

struct StringOperation {
    Execution& e;
    uint32_t mask = address_mask(e.instruction);
    unsigned bytes = e.instruction.info.operand_width / 8u;
    SegmentRegister source_segment = find_source_segment();

    SegmentRegister find_source_segment() const
    {
        for (const auto& operand : e.instruction.all_operands()) {
            if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY
                && (operand.mem.base == ZYDIS_REGISTER_ESI || operand.mem.base == ZYDIS_REGISTER_SI))
                return segment_of(operand);
        }
        return Ds;
    }
    [[nodiscard]] MaybeFault find_source(Place& place) const
    {
        return e.find_memory(source_segment, e.state.gpr[Esi] & mask, bytes, Access::Read, place);
    }
    [[nodiscard]] MaybeFault find_target(Access access, Place& place) const
    {
        return e.find_memory(Es, e.state.gpr[Edi] & mask, bytes, access, place);
    }
    void advance(Gpr which) const { move(which, e.state.eflags & eflags::df ? 0u - bytes : bytes); }
    void move(Gpr which, uint32_t distance) const
    {
        uint32_t& pointer = e.state.gpr[which];
        pointer = (pointer & ~mask) | ((pointer + distance) & mask);
    }
    uint32_t count() const { return e.state.gpr[Ecx] & mask; }
    Place accumulator() const { return { reinterpret_cast<std::byte*>(&e.state.gpr[Eax]), bytes }; }
};

using Element = MaybeFault (*)(const StringOperation&);

bool goes_on(const CpuState& state, Repeat repeat)
{
    bool equal = state.eflags & eflags::zf;
    return repeat == Repeat::Counted || equal == (repeat == Repeat::WhileEqual);
}

// The instruction is begun again, with what is left to do.
MaybeFault continue_later(Execution& e)
{
    e.next_eip = e.state.eip;
    e.keeps_rf = true;
    return {};
}

// A fault in the middle belongs to the rest, which starts with it: what was done so far is done.
MaybeFault run(Execution& e, Element element, bool compares)
{
    if (!is_string_instruction(e.instruction))
        return not_known(e);
    StringOperation operation { e };
    Repeat repeat = repetition(e.instruction, compares);
    if (repeat == Repeat::Once)
        return element(operation);
    uint32_t budget = e.state.eflags & eflags::tf ? 1 : bytes_at_a_time / operation.bytes;
    for (uint32_t done = 0; operation.count() != 0; ++done) {
        if (done == budget || e.result.breakpoints)
            return continue_later(e);
        if (auto fault = element(operation))
            return done == 0 ? fault : continue_later(e);
        operation.move(Ecx, 0u - 1);
        if (!goes_on(e.state, repeat))
            break;
    }
    return {};
}

MaybeFault move_element(const StringOperation& operation)
{
    Place source, target;
    if (auto fault = operation.find_source(source))
        return fault;
    if (auto fault = operation.find_target(Access::Write, target))
        return fault;
    operation.e.store(target, operation.e.load(source));
    operation.advance(Esi);
    operation.advance(Edi);
    return {};
}

MaybeFault store_element(const StringOperation& operation)
{
    Place target;
    if (auto fault = operation.find_target(Access::Write, target))
        return fault;
    operation.e.store(target, operation.e.state.gpr[Eax]);
    operation.advance(Edi);
    return {};
}

MaybeFault load_element(const StringOperation& operation)
{
    Place source;
    if (auto fault = operation.find_source(source))
        return fault;
    operation.e.store(operation.accumulator(), operation.e.load(source));
    operation.advance(Esi);
    return {};
}

void compare(Execution& e, uint32_t a, uint32_t b, unsigned bytes)
{
    e.set_status_flags(arithmetic::subtract(a, b, false, 8 * bytes).flags);
}

MaybeFault compare_element(const StringOperation& operation)
{
    Place first, second;
    if (auto fault = operation.find_source(first))
        return fault;
    if (auto fault = operation.find_target(Access::Read, second))
        return fault;
    Execution& e = operation.e;
    uint32_t a = e.load(first);
    compare(e, a, e.load(second), operation.bytes);
    operation.advance(Esi);
    operation.advance(Edi);
    return {};
}

MaybeFault scan_element(const StringOperation& operation)
{
    Place place;
    if (auto fault = operation.find_target(Access::Read, place))
        return fault;
    Execution& e = operation.e;
    compare(e, e.load(operation.accumulator()), e.load(place), operation.bytes);
    operation.advance(Edi);
    return {};
}

// The page is looked at before the port is read: what a device has given away does not come back.
MaybeFault input_element(const StringOperation& operation)
{
    Execution& e = operation.e;
    auto access = *port_access(e.state, e.instruction);
    if (auto fault = check_io_permission(e.engine.memory(), e.state, access.port, access.size))
        return fault;
    Place target;
    if (auto fault = operation.find_target(Access::Write, target))
        return fault;
    uint32_t value = e.engine.bus().read_port(access.port, access.size);
    e.store(target, value);
    operation.advance(Edi);
    e.exits_as(EventKind::PortRead, access.port, access.size, value);
    return {};
}

MaybeFault output_element(const StringOperation& operation)
{
    Execution& e = operation.e;
    auto access = *port_access(e.state, e.instruction);
    if (auto fault = check_io_permission(e.engine.memory(), e.state, access.port, access.size))
        return fault;
    Place source;
    if (auto fault = operation.find_source(source))
        return fault;
    uint32_t value = e.load(source);
    e.engine.bus().write_port(access.port, access.size, value);
    operation.advance(Esi);
    e.exits_as(EventKind::PortWrite, access.port, access.size, value);
    return {};
}

}

MaybeFault execute_movs(Execution& e)
{
    return run(e, move_element, false);
}

MaybeFault execute_stos(Execution& e)
{
    return run(e, store_element, false);
}

MaybeFault execute_lods(Execution& e)
{
    return run(e, load_element, false);
}

MaybeFault execute_cmps(Execution& e)
{
    return run(e, compare_element, true);
}

MaybeFault execute_scas(Execution& e)
{
    return run(e, scan_element, true);
}

MaybeFault execute_ins(Execution& e)
{
    return run(e, input_element, false);
}

MaybeFault execute_outs(Execution& e)
{
    return run(e, output_element, false);
}

}
