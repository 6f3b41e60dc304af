// Bit tests and bit scans.
#include "core/x86/instructions/handlers.hpp"

#include <bit>

namespace ringside {

namespace {

enum class BitChange : uint8_t { None, Set, Reset, Complement };

// An immediate offset, or one in a register for a register, stays within the operand. A register offset into memory
// reaches 256 MiB to both sides: it selects the element, signed (SDM 2A "BT", 3.1.1.9 figure 3-2).
MaybeFault find_element(Execution& e, uint32_t offset, Access access, Place& place)
{
    const auto& base = e.operand(0);
    bool reaches = base.type == ZYDIS_OPERAND_TYPE_MEMORY && e.operand(1).type == ZYDIS_OPERAND_TYPE_REGISTER;
    if (!reaches)
        return e.find_place(0, access, place);
    unsigned bits = base.size;
    auto index = static_cast<int32_t>(arithmetic::sign_extend(offset, bits)) >> (bits == 16 ? 4 : 5);
    uint32_t at = effective_offset(e.state, e.instruction, base) + static_cast<uint32_t>(index) * (bits / 8);
    return e.find_memory(segment_of(base), at & address_mask(e.instruction), bits / 8, access, place);
}

uint32_t changed(uint32_t value, uint32_t bit, BitChange change)
{
    switch (change) {
    case BitChange::Set:
        return value | bit;
    case BitChange::Reset:
        return value & ~bit;
    case BitChange::Complement:
        return value ^ bit;
    case BitChange::None:
        break;
    }
    return value;
}

MaybeFault test_bit(Execution& e, BitChange change)
{
    uint32_t offset = 0;
    if (auto fault = e.read(1, offset))
        return fault;
    Place place;
    if (auto fault = find_element(e, offset, change == BitChange::None ? Access::Read : Access::Write, place))
        return fault;
    uint32_t bit = 1u << (offset & (e.operand(0).size - 1u));
    uint32_t value = e.load(place);
    if (change != BitChange::None)
        e.store(place, changed(value, bit, change));
    e.set_status_flags(value & bit ? eflags::cf : 0, eflags::cf);
    return {};
}

// Of zero there is no bit to be found: ZF, and the target stays.
MaybeFault scan(Execution& e, int (*position)(uint32_t))
{
    uint32_t value = 0;
    if (auto fault = e.read(1, value))
        return fault;
    e.set_status_flags(value == 0 ? eflags::zf : 0, eflags::zf);
    return value == 0 ? MaybeFault {} : e.write(0, static_cast<uint32_t>(position(value)));
}

}

MaybeFault execute_bt(Execution& e)
{
    return test_bit(e, BitChange::None);
}

MaybeFault execute_bts(Execution& e)
{
    return test_bit(e, BitChange::Set);
}

MaybeFault execute_btr(Execution& e)
{
    return test_bit(e, BitChange::Reset);
}

MaybeFault execute_btc(Execution& e)
{
    return test_bit(e, BitChange::Complement);
}

MaybeFault execute_bsf(Execution& e)
{
    return scan(e, [](uint32_t value) { return std::countr_zero(value); });
}

MaybeFault execute_bsr(Execution& e)
{
    return scan(e, [](uint32_t value) { return 31 - std::countl_zero(value); });
}

}
