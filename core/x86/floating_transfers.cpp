#include "core/x86/floating_transfers.hpp"

#include "core/x86/floating_environment.hpp"

#include <array>

namespace ringside {

namespace {

constexpr std::size_t largest = FloatingRegisters::image_bytes;
constexpr uint16_t x87_masks = floating_exception::all;

EnvironmentFormat format_of(const Execution& execution)
{
    const auto& state = execution.state;
    return { execution.instruction.info.operand_width == 32, !state.protected_mode() || state.virtual_8086() };
}

struct Area {
    std::array<std::byte, largest> bytes {};
    std::span<std::byte> operand;

    explicit Area(const FloatingPlaces& places) : operand(std::span { bytes }.first(places.lent.bytes)) { }
};

MaybeFault execute_fninit(Execution&, const FloatingPlaces&, FloatingRegisters& registers)
{
    registers.initialize();
    return {};
}

// Masks all exceptions (SDM 2A "FSTENV").
MaybeFault execute_fnstenv(Execution& execution, const FloatingPlaces& places, FloatingRegisters& registers)
{
    Area area(places);
    store_environment(registers, format_of(execution), area.operand);
    execution.store_bytes(places.lent, area.operand);
    registers.set_control_and_status(registers.control() | x87_masks, registers.status());
    return {};
}

MaybeFault execute_fnsave(Execution& execution, const FloatingPlaces& places, FloatingRegisters& registers)
{
    Area area(places);
    store_environment(registers, format_of(execution), area.operand);
    store_floating_stack(registers, format_of(execution), area.operand);
    execution.store_bytes(places.lent, area.operand);
    registers.initialize();
    return {};
}

MaybeFault execute_fldenv(Execution& execution, const FloatingPlaces& places, FloatingRegisters& registers)
{
    Area area(places);
    execution.load_bytes(places.lent, area.operand);
    load_environment(registers, format_of(execution), area.operand);
    return {};
}

MaybeFault execute_frstor(Execution& execution, const FloatingPlaces& places, FloatingRegisters& registers)
{
    Area area(places);
    execution.load_bytes(places.lent, area.operand);
    load_environment(registers, format_of(execution), area.operand);
    load_floating_stack(registers, format_of(execution), area.operand);
    return {};
}

// All of the operand has been checked; what is stored has a place of its own.
MaybeFault execute_fxsave(Execution& execution, const FloatingPlaces& places, FloatingRegisters& registers)
{
    Area area(places);
    store_image(registers, area.operand);
    auto stored = area.operand.first(FloatingRegisters::used_bytes);
    Place place;
    if (auto fault = execution.find_memory(
            places.segment, places.offset, static_cast<unsigned>(stored.size()), Access::Write, place))
        return fault;
    execution.store_bytes(place, stored);
    return {};
}

MaybeFault execute_fxrstor(Execution& execution, const FloatingPlaces& places, FloatingRegisters& registers)
{
    Area area(places);
    execution.load_bytes(places.lent, area.operand);
    if (mxcsr_of_image(area.operand) & ~FloatingRegisters::mxcsr_mask)
        return execution.fault(GP);
    load_image(registers, area.operand);
    return {};
}

MaybeFault execute_ldmxcsr(Execution& execution, const FloatingPlaces& places, FloatingRegisters& registers)
{
    uint32_t value = execution.load(places.lent);
    if (value & ~FloatingRegisters::mxcsr_mask)
        return execution.fault(GP);
    registers.set_mxcsr(value);
    return {};
}

MaybeFault execute_stmxcsr(Execution& execution, const FloatingPlaces& places, FloatingRegisters& registers)
{
    execution.store(places.lent, registers.mxcsr());
    return {};
}

struct Line {
    ZydisMnemonic mnemonic;
    FloatingTransfer transfer;
};

constexpr Line lines[] = {
    { ZYDIS_MNEMONIC_FNINIT, execute_fninit },
    { ZYDIS_MNEMONIC_FNSTENV, execute_fnstenv },
    { ZYDIS_MNEMONIC_FNSAVE, execute_fnsave },
    { ZYDIS_MNEMONIC_FLDENV, execute_fldenv },
    { ZYDIS_MNEMONIC_FRSTOR, execute_frstor },
    { ZYDIS_MNEMONIC_FXSAVE, execute_fxsave },
    { ZYDIS_MNEMONIC_FXRSTOR, execute_fxrstor },
    { ZYDIS_MNEMONIC_LDMXCSR, execute_ldmxcsr },
    { ZYDIS_MNEMONIC_STMXCSR, execute_stmxcsr },
};

}

FloatingTransfer floating_transfer(const Instruction& instruction)
{
    for (const auto& line : lines) {
        if (line.mnemonic == instruction.info.mnemonic)
            return line.transfer;
    }
    return nullptr;
}

}
