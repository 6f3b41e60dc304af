// Shifts and rotates, by an immediate or by CL.
#include "core/x86/instructions/handlers.hpp"

namespace ringside {

namespace {

using arithmetic::Flagged;

using Shift = Flagged (*)(uint32_t value, unsigned count, unsigned bits, uint32_t flags);
using DoubleShift = Flagged (*)(uint32_t value, uint32_t source, unsigned count, unsigned bits, uint32_t flags);

// The count: operand `index`, an immediate or CL.
MaybeFault shift_by(Execution& e, Shift shift)
{
    Place place;
    if (auto fault = e.find_place(0, Access::Write, place))
        return fault;
    uint32_t count = 0;
    if (auto fault = e.read(1, count))
        return fault;
    Flagged result = shift(e.load(place), count, e.operand(0).size, e.state.eflags);
    e.store(place, result.value);
    e.set_status_flags(result.flags);
    return {};
}

MaybeFault double_shift_by(Execution& e, DoubleShift shift)
{
    Place place;
    if (auto fault = e.find_place(0, Access::Write, place))
        return fault;
    uint32_t source = 0, count = 0;
    if (auto fault = e.read(1, source))
        return fault;
    if (auto fault = e.read(2, count))
        return fault;
    Flagged result = shift(e.load(place), source, count, e.operand(0).size, e.state.eflags);
    e.store(place, result.value);
    e.set_status_flags(result.flags);
    return {};
}

}

MaybeFault execute_shl(Execution& e)
{
    return shift_by(e, arithmetic::shift_left);
}

MaybeFault execute_shr(Execution& e)
{
    return shift_by(e, arithmetic::shift_right);
}

MaybeFault execute_sar(Execution& e)
{
    return shift_by(e, arithmetic::shift_arithmetic_right);
}

MaybeFault execute_rol(Execution& e)
{
    return shift_by(e, arithmetic::rotate_left);
}

MaybeFault execute_ror(Execution& e)
{
    return shift_by(e, arithmetic::rotate_right);
}

MaybeFault execute_rcl(Execution& e)
{
    return shift_by(e, arithmetic::rotate_carry_left);
}

MaybeFault execute_rcr(Execution& e)
{
    return shift_by(e, arithmetic::rotate_carry_right);
}

MaybeFault execute_shld(Execution& e)
{
    return double_shift_by(e, arithmetic::double_shift_left);
}

MaybeFault execute_shrd(Execution& e)
{
    return double_shift_by(e, arithmetic::double_shift_right);
}

}
