// One translated block: a stretch of guest code with one way in and several ways out, and everything that is known about
// its translation. All but the end of its last instruction lies in one page of the guest. It depends on nothing but its
// bytes, its address and its mode.
#pragma once

#include "core/x86/decode.hpp"
#include "strategies/rewriting/monitor_area.hpp"
#include "strategies/rewriting/treatment.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace ringside::rewriting {

// How the guest's registers are found when the host is stopped before an instruction of the translation. Whatever the
// place, the guest is then exactly before one of its own instructions, or behind one.
enum class Recovery : uint8_t {
    Boundary,      // in the registers
    Ecx,           // ECX is in its slot
    EcxEdx,        // and EDX
    EaxEcxEdx,     // and EAX
    PushedFlags,   // as EcxEdx; PUSHF has moved ESP and will be executed again
    Popped,        // POPF is done but for IF, whose code is in a slot; ECX is in its slot
    TargetInEcx,   // a branch is done: EIP is in ECX, ECX is in its slot
    Lookup,        // a branch is done: EIP and ECX are in their slots
    SegmentLoaded, // a segment register is loaded: the guest's selector and the host's are in slots. As EcxEdx
    TableLoaded,   // GDTR or IDTR is loaded: base and limit are in slots. As EcxEdx
    SegmentPopped, // as SegmentLoaded, and ESP has to move
    OtherStack,    // in the middle of a change of ring, which will be done again: ESP too is in its slot. As EcxEdx
    Entered,       // ring 0 is entered: EIP and IF are in their slots. As EcxEdx
    Left,          // ring 3 is entered, by IRET: EIP, IF and ESP are in their slots. As EcxEdx
};

struct Point {
    uint16_t offset = 0; // in the translation; valid up to the next point
    Recovery recovery = Recovery::Boundary;
    bool shadow : 1 = false;      // an STI came just before (SDM 3A §6.8.3)
    bool in_software : 1 = false; // a fault here is none of the guest's: it executes the instruction in software
    uint8_t which : 3 = 0;        // SegmentLoaded, SegmentPopped: enum SegmentRegister; TableLoaded: 0 GDTR, 1 IDTR
    uint32_t eip = 0;
};

// A place where translated code calls the monitor.
struct Site {
    enum class Kind : uint8_t {
        Exit,            // the target of a direct branch: translate it, and link the branch to it
        Emulate,         // execute the instruction
        Fault,           // the guest gets `vector`
        Changed,         // the code is no longer what was translated
        SegmentLoad,     // execute it, and make `record` what will do next time
        Interrupt,       // the same, for INT `vector`
        InterruptReturn, // and IRET
        Identify,        // and CPUID, with a CpuidRecord
    };
    Kind kind = Kind::Emulate;
    Recovery recovery = Recovery::Boundary;
    bool shadow = false;
    uint8_t vector = 0;
    uint8_t segment = 0;  // SegmentLoad: which register, enum SegmentRegister
    uint8_t name = 0;     // of the instruction whose translation calls, for counters: instruction_name()
    uint16_t record = 0;  // SegmentLoad, Identify
    uint32_t eip = 0;
    uint16_t jump = 0;    // Exit: where in the translation the branch's displacement lies ...
    uint16_t stub = 0;    // ... and where it leads while it is not linked
    uint32_t linked = 0;  // Exit: the block behind it, 0: none
    uint16_t decoded = 0; // of the instruction that is executed: its number in Block::decoded, counted from 1; 0: not yet
};

// One guest instruction of a block, for people.
struct SourceInstruction {
    uint16_t guest_offset = 0;
    uint16_t host_offset = 0;
    uint8_t length = 0;
    Treatment treatment = Treatment::Identical;
    std::string_view reason;
};

using BlockId = uint32_t; // 0: none

struct BlockKey {
    uint32_t eip = 0;   // CS is flat, so this is the linear address as well
    uint32_t frame = 0; // of guest memory
    CodeRing ring = CodeRing::Ring0;
};

struct Block {
    BlockId id = 0;
    BlockKey key;
    ControlMode mode;
    bool depends_on_mode = false; // on `mode`
    bool crosses = false;  // its last instruction ends in the next page, whose frame is `second_frame`
    uint32_t second_frame = 0;
    bool checks = false;   // compares its source with memory each time that it is entered
    bool active = false;   // can be reached by links and through the entry table
    bool dead = false;     // its source has changed, or the like
    bool mapped = false;   // is among those of its page in the CodeMap ...
    bool slept = false;    // ... and was, before its page was away

    uint16_t records = 0; // SegmentRecords that it has, from the request's first on
    uint16_t answers = 0; // and CpuidRecords

    uint32_t host = 0; // of its first instruction: the way in through the entry table
    uint16_t body = 0; // offset of the way in by links
    uint16_t size = 0;
    uint16_t chain = 0; // offset of the displacement of the jump to the next block of the same entry

    std::vector<uint8_t> source;
    std::vector<Point> points; // ascending
    std::vector<Site> sites;
    std::vector<SourceInstruction> instructions;
    std::vector<std::unique_ptr<const Instruction>> decoded; // those that the monitor has executed

    struct Link {
        BlockId from = 0;
        uint16_t site = 0;
    };
    std::vector<Link> incoming;
    BlockId next_of_entry = 0;

    uint32_t body_address() const { return host + body; }
};

}
