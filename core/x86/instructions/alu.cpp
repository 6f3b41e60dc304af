// Addition, subtraction, logic, and the instructions that exchange on the way.
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

namespace {

using arithmetic::Flagged;

// An operation on two values; the last argument is CF.
using Operation = Flagged (*)(uint32_t, uint32_t, bool, unsigned bits);

Flagged sum(uint32_t a, uint32_t b, bool, unsigned bits)
{
    return arithmetic::add(a, b, false, bits);
}
Flagged difference(uint32_t a, uint32_t b, bool, unsigned bits)
{
    return arithmetic::subtract(a, b, false, bits);
}
Flagged conjunction(uint32_t a, uint32_t b, bool, unsigned bits)
{
    return arithmetic::logic(a & b, bits);
}
Flagged disjunction(uint32_t a, uint32_t b, bool, unsigned bits)
{
    return arithmetic::logic(a | b, bits);
}
Flagged exclusive(uint32_t a, uint32_t b, bool, unsigned bits)
{
    return arithmetic::logic(a ^ b, bits);
}

Flagged apply(Execution& e, Operation operation, uint32_t a, uint32_t b)
{
    unsigned bits = e.operand(0).size;
    return operation(a, b & arithmetic::mask_of(bits), e.state.eflags & eflags::cf, bits);
}

// operand 0 = operand 0 op operand 1
MaybeFault modify(Execution& e, Operation operation)
{
    uint32_t b = 0;
    if (auto fault = e.read(1, b))
        return fault;
    Place place;
    if (auto fault = e.find_place(0, Access::Write, place))
        return fault;
    Flagged result = apply(e, operation, e.load(place), b);
    e.store(place, result.value);
    e.set_status_flags(result.flags);
    return {};
}

// Flags only.
MaybeFault compare(Execution& e, Operation operation)
{
    uint32_t a = 0, b = 0;
    if (auto fault = e.read(0, a))
        return fault;
    if (auto fault = e.read(1, b))
        return fault;
    e.set_status_flags(apply(e, operation, a, b).flags);
    return {};
}

// INC and DEC leave CF as it is.
MaybeFault step(Execution& e, Operation operation)
{
    Place place;
    if (auto fault = e.find_place(0, Access::Write, place))
        return fault;
    Flagged result = apply(e, operation, e.load(place), 1);
    e.store(place, result.value);
    e.set_status_flags(result.flags, arithmetic::status_flags & ~eflags::cf);
    return {};
}

}

MaybeFault execute_add(Execution& e)
{
    return modify(e, sum);
}

MaybeFault execute_adc(Execution& e)
{
    return modify(e, arithmetic::add);
}

MaybeFault execute_sub(Execution& e)
{
    return modify(e, difference);
}

MaybeFault execute_sbb(Execution& e)
{
    return modify(e, arithmetic::subtract);
}

MaybeFault execute_and(Execution& e)
{
    return modify(e, conjunction);
}

MaybeFault execute_or(Execution& e)
{
    return modify(e, disjunction);
}

MaybeFault execute_xor(Execution& e)
{
    return modify(e, exclusive);
}

MaybeFault execute_cmp(Execution& e)
{
    return compare(e, difference);
}

MaybeFault execute_test(Execution& e)
{
    return compare(e, conjunction);
}

MaybeFault execute_inc(Execution& e)
{
    return step(e, sum);
}

MaybeFault execute_dec(Execution& e)
{
    return step(e, difference);
}

MaybeFault execute_neg(Execution& e)
{
    Place place;
    if (auto fault = e.find_place(0, Access::Write, place))
        return fault;
    Flagged result = arithmetic::subtract(0, e.load(place), false, e.operand(0).size);
    e.store(place, result.value);
    e.set_status_flags(result.flags);
    return {};
}

MaybeFault execute_not(Execution& e)
{
    Place place;
    if (auto fault = e.find_place(0, Access::Write, place))
        return fault;
    e.store(place, ~e.load(place));
    return {};
}

// The old value goes to the second operand first: of XADD EAX, EAX the sum remains (SDM 2D "XADD").
MaybeFault execute_xadd(Execution& e)
{
    Place target, source;
    if (auto fault = e.find_place(0, Access::Write, target))
        return fault;
    if (auto fault = e.find_place(1, Access::Write, source))
        return fault;
    uint32_t old = e.load(target);
    Flagged result = apply(e, sum, old, e.load(source));
    e.store(source, old);
    e.store(target, result.value);
    e.set_status_flags(result.flags);
    return {};
}

// The destination is written in any case, with its old value if the comparison fails (SDM 2A "CMPXCHG").
MaybeFault execute_cmpxchg(Execution& e)
{
    Place place;
    if (auto fault = e.find_place(0, Access::Write, place))
        return fault;
    unsigned bits = e.operand(0).size;
    Place accumulator { reinterpret_cast<std::byte*>(&e.state.gpr[Eax]), bits / 8 };
    uint32_t old = e.load(place), expected = e.load(accumulator);
    uint32_t replacement = register_value(e.state, e.operand(1).reg.value);
    e.set_status_flags(arithmetic::subtract(expected, old, false, bits).flags);
    if (old != expected)
        e.store(accumulator, old);
    e.store(place, old == expected ? replacement : old);
    return {};
}

MaybeFault execute_cmpxchg8b(Execution& e)
{
    Place place;
    if (auto fault = e.find_place(0, Access::Write, place))
        return fault;
    auto& gpr = e.state.gpr;
    uint64_t expected = uint64_t { gpr[Edx] } << 32 | gpr[Eax];
    uint64_t replacement = uint64_t { gpr[Ecx] } << 32 | gpr[Ebx];
    uint64_t old = e.load_wide(place);
    e.store(place, old == expected ? replacement : old);
    e.set_status_flags(old == expected ? eflags::zf : 0, eflags::zf);
    gpr[Eax] = static_cast<uint32_t>(old);
    gpr[Edx] = static_cast<uint32_t>(old >> 32);
    return {};
}

}
