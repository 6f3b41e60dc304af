#include "strategies/rewriting/validator.hpp"

#include "core/x86/decode.hpp"
#include "strategies/rewriting/translator.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fmt/format.h>
#include <string_view>

namespace ringside::rewriting {

namespace {

struct Place {
    const MonitorArea& area;
    CodeRing ring;
    uint32_t address;    // of the instruction
    bool crosses = false; // the stack of the other ring has been loaded
    const Instruction& instruction;

    CodeRing other_ring() const { return ring == CodeRing::Ring0 ? CodeRing::Ring3 : CodeRing::Ring0; }
};

bool is_code(const Place& place, uint32_t target)
{
    return target >= place.area.code_begin(place.ring) && target < place.area.code_end(place.ring);
}

bool uses_gs(const Instruction& instruction)
{
    return instruction.info.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS;
}

// The memory operand is %gs:displacement, with nothing added but perhaps an index.
bool is_monitor_operand(const ZydisDecodedOperand& operand, uint32_t displacement)
{
    return operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.segment == ZYDIS_REGISTER_GS
        && operand.mem.base == ZYDIS_REGISTER_NONE && static_cast<uint32_t>(operand.mem.disp.value) == displacement;
}

std::string_view check_branch(const Place& place)
{
    const auto& operand = place.instruction.operands[0];
    if (place.instruction.info.mnemonic == ZYDIS_MNEMONIC_CALL || place.instruction.info.mnemonic == ZYDIS_MNEMONIC_RET)
        return "a call or a return";
    if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        auto relative = static_cast<uint32_t>(place.instruction.info.raw.imm[0].value.s);
        uint32_t target = place.address + place.instruction.length() + relative;
        return is_code(place, target) ? "" : "a jump out of the cache";
    }
    auto table = place.area.entry_table(place.crosses ? place.other_ring() : place.ring);
    bool by_entry = is_monitor_operand(operand, table) && operand.mem.index == ZYDIS_REGISTER_ECX
        && operand.mem.scale == sizeof(uint32_t);
    return by_entry ? "" : "an indirect jump that is not through the entry table";
}

std::string_view check_far(const Place& place)
{
    const auto& pointer = place.instruction.operands[0];
    bool to_gate = place.instruction.info.mnemonic == ZYDIS_MNEMONIC_JMP && pointer.type == ZYDIS_OPERAND_TYPE_POINTER
        && pointer.ptr.segment == host_code_64 && pointer.ptr.offset == place.area.gate();
    return to_gate ? "" : "a far transfer that is not to the gate";
}

bool writes_segment_register(const Instruction& instruction)
{
    return std::ranges::any_of(instruction.all_operands(), [](const ZydisDecodedOperand& operand) {
        return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
            && ZydisRegisterGetClass(operand.reg.value) == ZYDIS_REGCLASS_SEGMENT;
    });
}

// A selector that the monitor has written, where ring 3 cannot.
bool is_selector_of_record(const Place& place, const ZydisDecodedOperand& operand)
{
    uint32_t first = place.area.segment(0, offsetof(SegmentRecord, real));
    auto at = static_cast<uint32_t>(operand.mem.disp.value) - first;
    return is_monitor_operand(operand, first + at) && operand.mem.index == ZYDIS_REGISTER_NONE
        && at % sizeof(SegmentRecord) == 0 && at / sizeof(SegmentRecord) < MonitorArea::segment_records;
}

bool loads_other_stack(const Place& place)
{
    const auto& operands = place.instruction.operands;
    std::size_t record = place.other_ring() == CodeRing::Ring3 ? sizeof(SegmentRecord) : 0;
    auto real = place.area.crossing(offsetof(CrossingRecord, stack) + record + offsetof(SegmentRecord, real));
    return place.instruction.info.mnemonic == ZYDIS_MNEMONIC_MOV && operands[0].reg.value == ZYDIS_REGISTER_SS
        && is_monitor_operand(operands[1], real) && operands[1].mem.index == ZYDIS_REGISTER_NONE;
}

std::string_view check_segment_load(const Place& place)
{
    constexpr auto refused = "a load of a segment register";
    const auto& operands = place.instruction.operands;
    if (place.instruction.info.mnemonic != ZYDIS_MNEMONIC_MOV)
        return refused;
    auto from = [&](std::size_t offset) { return is_monitor_operand(operands[1], place.area.state(offset)); };
    bool recorded = place.ring == CodeRing::Ring0 && is_selector_of_record(place, operands[1]);
    switch (operands[0].reg.value) {
    case ZYDIS_REGISTER_FS:
        return recorded || from(offsetof(VirtualState, real_fs)) || from(offsetof(VirtualState, real_gs)) ? "" : refused;
    case ZYDIS_REGISTER_DS:
    case ZYDIS_REGISTER_ES:
        return recorded ? "" : refused;
    case ZYDIS_REGISTER_SS:
        return loads_other_stack(place) ? "" : refused;
    default:
        return refused;
    }
}

// Of the guest's tables: MOV and MOVZX through EDX to ECX.
bool reads_through_edx(const Instruction& instruction, const ZydisDecodedOperand& operand)
{
    auto mnemonic = instruction.info.mnemonic;
    return (mnemonic == ZYDIS_MNEMONIC_MOV || mnemonic == ZYDIS_MNEMONIC_MOVZX) && operand.mem.base == ZYDIS_REGISTER_EDX
        && operand.mem.index == ZYDIS_REGISTER_NONE && instruction.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER
        && instruction.operands[0].reg.value == ZYDIS_REGISTER_ECX;
}

// What GS leads to is the monitor's.
std::string_view check_monitor_operands(const Place& place)
{
    for (const auto& operand : place.instruction.all_operands()) {
        if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY || operand.mem.segment != ZYDIS_REGISTER_GS)
            continue;
        bool indexed_by_other = operand.mem.index != ZYDIS_REGISTER_NONE && operand.mem.index != ZYDIS_REGISTER_ECX;
        bool by_other = operand.mem.base != ZYDIS_REGISTER_NONE && operand.mem.base != ZYDIS_REGISTER_ECX;
        if ((indexed_by_other || by_other) && !reads_through_edx(place.instruction, operand))
            return "an operand in the monitor's segment that the guest's registers choose";
    }
    return "";
}

std::string_view check(const Place& place)
{
    const auto& info = place.instruction.info;
    if (info.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
        return check_far(place);
    if (info.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE)
        return check_branch(place);
    switch (info.meta.category) {
    case ZYDIS_CATEGORY_INTERRUPT:
        if (info.mnemonic == ZYDIS_MNEMONIC_BOUND) // a fault, as a division may be
            return "";
        return "an interrupt";
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_RET:
    case ZYDIS_CATEGORY_CALL:
        return "a system call";
    default:
        break;
    }
    bool asks = info.mnemonic == ZYDIS_MNEMONIC_HLT; // always a fault, for the monitor to see
    if ((info.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) && !asks)
        return "a privileged instruction";
    if (writes_segment_register(place.instruction))
        return check_segment_load(place);
    return uses_gs(place.instruction) ? check_monitor_operands(place) : "";
}

CpuState state_of_translated_code()
{
    CpuState state;
    state.cr0 |= cr0::pe;
    state.segment(Cs).attributes = state.segment(Ss).attributes = Segment::default_big;
    return state;
}

}

std::string validate(const MonitorArea& area, CodeRing ring, uint32_t address, std::span<const uint8_t> bytes)
{
    static const CpuState state = state_of_translated_code();
    bool crosses = false;
    for (std::size_t at = 0; at < bytes.size();) {
        Instruction instruction;
        auto rest = bytes.subspan(at).first(std::min<std::size_t>(longest_instruction, bytes.size() - at));
        auto here = address + static_cast<uint32_t>(at);
        if (!decode_bytes(state, rest, instruction))
            return fmt::format("{:#010x}: no instruction", here);
        Place place { area, ring, here, crosses, instruction };
        if (auto wrong = check(place); !wrong.empty())
            return fmt::format("{:#010x}: {}", here, wrong);
        bool jumps = instruction.info.meta.branch_type == ZYDIS_BRANCH_TYPE_NEAR;
        crosses = loads_other_stack(place) || (crosses && !jumps);
        at += instruction.length();
    }
    return {};
}

}
