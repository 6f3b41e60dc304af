#include "core/x86/fault_analysis.hpp"

#include "core/x86/decode.hpp"
#include "core/x86/fault.hpp"
#include "core/x86/memory_accesses.hpp"
#include "core/x86/paging.hpp"
#include "core/x86/selector_fault.hpp"

#include <optional>

namespace ringside {

namespace {

// One access that may have faulted, in linear addresses.
struct Suspect {
    Gla address {};
    uint32_t length = 0;
    Access access = Access::Read;
    Privilege privilege = Privilege::User;
};

// A page fault under investigation.
struct PageFaultCase {
    GuestMemory& memory;
    const CpuState& state;
    Gla address; // CR2

    // Linear ranges wrap at 4 GiB.
    bool reaches(const Suspect& suspect) const { return address.value - suspect.address.value < suspect.length; }
    PageWalk walk(const Suspect& suspect) const
    {
        return walk_pages(memory, state, address, suspect.access, suspect.privilege, AccessedDirty::Leave);
    }
    // The error code, if this access reaches the address and the page tables refuse it.
    std::optional<uint32_t> convict(const Suspect& suspect) const
    {
        if (!reaches(suspect))
            return {};
        PageWalk result = walk(suspect);
        return result.present ? std::nullopt : std::optional { result.error_code };
    }
    // What a stale translation reports: a right that was missing.
    uint32_t stale(const Suspect& suspect) const
    {
        return page_fault_error::present | (suspect.access == Access::Write ? page_fault_error::write : 0)
            | (suspect.privilege == Privilege::User ? page_fault_error::user : 0);
    }

    Suspect operand_access(const MemoryAccess& access) const
    {
        Gla start = Gla { state.segment(access.where.segment).base } + access.where.offset;
        return { start, access.where.length, access.access, privilege_of(state) };
    }
    Suspect fetch(uint32_t length) const
    {
        return { Gla { state.segment(Cs).base } + state.eip, length, Access::Execute, privilege_of(state) };
    }
    Suspect at_address(Access access, Privilege privilege) const { return { address, 1, access, privilege }; }

    std::optional<uint32_t> operand_error(const MemoryAccesses& accesses) const;
    std::optional<uint32_t> system_table_error() const;
    std::optional<uint32_t> stale_error(const MemoryAccesses& accesses) const;
    uint32_t last_resort() const;
};

std::optional<uint32_t> PageFaultCase::operand_error(const MemoryAccesses& accesses) const
{
    for (const auto& access : accesses) {
        if (auto error = convict(operand_access(access)))
            return error;
    }
    return {};
}

// Loading a selector, a far transfer and I/O read descriptors and the TSS, and set accessed and busy bits there, always
// as supervisor accesses (SDM 3A §4.6).
std::optional<uint32_t> PageFaultCase::system_table_error() const
{
    const Segment tables[] = { { 0, Segment::present, state.gdtr.base, state.gdtr.limit }, state.ldtr, state.tr };
    for (auto access : { Access::Read, Access::Write }) {
        for (const auto& table : tables) {
            uint32_t length = table.limit == 0xFFFFFFFF ? table.limit : table.limit + 1;
            if (!table.is_present())
                continue;
            if (auto error = convict({ Gla { table.base }, length, access, Privilege::Supervisor }))
                return error;
        }
    }
    return {};
}

std::optional<uint32_t> PageFaultCase::stale_error(const MemoryAccesses& accesses) const
{
    for (auto wanted : { Access::Write, Access::Read }) { // reads are seldom refused
        for (const auto& access : accesses) {
            if (Suspect suspect = operand_access(access); access.access == wanted && reaches(suspect))
                return stale(suspect);
        }
    }
    return {};
}

// Nothing that the instruction is known to do explains the address: the stack of an inner ring, a new task.
uint32_t PageFaultCase::last_resort() const
{
    for (auto access : { Access::Read, Access::Write }) {
        if (auto error = convict(at_address(access, privilege_of(state))))
            return *error;
    }
    return stale(at_address(Access::Read, privilege_of(state)));
}

uint32_t page_fault_error_code(const PageFaultCase& fault, const DecodeResult& decoded)
{
    uint32_t fetched = decoded.fault ? longest_instruction : decoded.instruction.length();
    if (auto error = fault.convict(fault.fetch(fetched)))
        return *error;
    if (decoded.fault)
        return fault.last_resort();
    MemoryAccesses accesses = memory_accesses(fault.state, decoded.instruction);
    if (auto error = fault.operand_error(accesses))
        return *error;
    if (auto error = fault.stale_error(accesses))
        return *error;
    if (auto error = fault.system_table_error())
        return *error;
    return fault.last_resort();
}

// Faults for other reasons than a selector carry 0 (SDM 3A §6.13).
uint32_t selector_error_code(GuestMemory& memory, const CpuState& state, uint8_t vector, const DecodeResult& decoded)
{
    if (decoded.fault)
        return 0;
    auto fault = selector_fault(memory, state, decoded.instruction);
    return fault && fault->vector == vector ? fault->error_code : 0;
}

FaultAnalysis analyze(
    GuestMemory& memory, const CpuState& state, uint8_t vector, uint32_t fault_address, const DecodeResult& decoded)
{
    FaultAnalysis analysis;
    analysis.has_error_code = state.protected_mode() && pushes_error_code(vector);
    analysis.instruction_length = decoded.fault ? uint8_t { 0 } : decoded.instruction.length();
    if (vector == PF)
        analysis.error_code = page_fault_error_code({ memory, state, Gla { fault_address } }, decoded);
    else if (vector >= TS && vector <= GP)
        analysis.error_code = selector_error_code(memory, state, vector, decoded);
    return analysis;
}

// The type of the event if this very instruction asks for `vector`.
std::optional<EventType> requested_event(const Instruction& instruction, uint8_t vector)
{
    switch (instruction.info.mnemonic) {
    case ZYDIS_MNEMONIC_INT:
        return instruction.operands[0].imm.value.u == vector ? std::optional { EventType::SoftwareInterrupt }
                                                             : std::nullopt;
    case ZYDIS_MNEMONIC_INT3:
        return vector == BP ? std::optional { EventType::SoftwareException } : std::nullopt;
    case ZYDIS_MNEMONIC_INTO:
        return vector == OF ? std::optional { EventType::SoftwareException } : std::nullopt;
    case ZYDIS_MNEMONIC_INT1:
        return vector == DB ? std::optional { EventType::PrivilegedSoftwareException } : std::nullopt;
    default:
        return {};
    }
}

}

FaultAnalysis analyze_fault(GuestMemory& memory, const CpuState& state, uint8_t vector, uint32_t fault_address)
{
    return analyze(memory, state, vector, fault_address, decode_instruction(memory, state));
}

Event reconstruct_event(GuestMemory& memory, const CpuState& state, uint8_t vector, uint32_t fault_address)
{
    DecodeResult decoded = decode_instruction(memory, state);
    Event event;
    event.vector = vector;
    if (!decoded.fault) {
        if (auto type = requested_event(decoded.instruction, vector)) {
            event.type = *type;
            uint32_t next = state.eip + decoded.instruction.length();
            event.return_eip = state.segment(Cs).is_big() ? next : next & 0xFFFF;
            return event;
        }
    }
    FaultAnalysis analysis = analyze(memory, state, vector, fault_address, decoded);
    event.type = EventType::HardwareException;
    event.has_error_code = analysis.has_error_code;
    event.error_code = analysis.error_code;
    event.fault_address = vector == PF ? fault_address : 0;
    event.return_eip = state.eip;
    return event;
}

}
