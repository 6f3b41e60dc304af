// Writes what inline segment loads and changes of ring compare with (inline_layout.hpp): each time that the monitor has
// done one of them, what it found is noted, so that the next one needs no monitor.
//
// The records rest on where the guest's tables lie, on where ring 3 ends, and on the host's selectors. When one of these
// changes all are forgotten. What is in the tables is compared each time.
#pragma once

#include "core/machine/cpu_state.hpp"
#include "core/machine/guest_memory.hpp"
#include "strategies/rewriting/monitor_area.hpp"

#include <array>
#include <cstdint>

namespace ringside::rewriting {

class InlineRecords {
public:
    InlineRecords(MonitorArea& area, GuestMemory& memory) : m_area(area), m_memory(memory) { }

    // What records rest on beside the guest's tables.
    struct Base {
        uint64_t boundary = 0;   // where ring 3's real segments end
        uint32_t generation = 0; // of the LDT
        bool operator==(const Base&) const = default;
    };
    // Before anything is noted, and before the guest goes on.
    void follow(const CpuState& state, const Base& base);
    void forget();

    // The register was loaded, by the instruction of this record.
    void note_load(uint16_t record, const CpuState& state, SegmentRegister which, uint16_t real);
    // INT `vector` has come from ring 3 to its handler, where `state` is.
    void note_entry(uint8_t vector, const CpuState& state, uint16_t real_stack);
    // IRET has gone to ring 3.
    void note_return(const CpuState& state, uint16_t real_stack);
    // CPUID, at this record, has been executed.
    void note_answer(uint16_t record, uint32_t leaf, const CpuState& state);
    // CR0, and whether no translation depends on CR0.TS.
    void note_cr0(uint32_t cr0, bool ts_is_free);
    // The guest's time-stamp counter is so far ahead of the host's, modulo 2^64.
    void note_time_stamp_offset(uint64_t ahead);
    // The host's selector plays a segment that ring 3 may have, cut at the boundary.
    void note_safe(uint16_t real);

    // With `allowed`, changes of ring that are as they were do not come to the monitor.
    void allow(bool allowed);

    // Of the ring in whose translations the guest is.
    const Segment& code(CodeRing ring) const { return m_code[index(ring)]; }
    const Segment& stack(CodeRing ring) const { return m_stack[index(ring)]; }

private:
    struct Tables {
        DescriptorTable gdt, idt;
        Segment ldt, tss;
        bool operator==(const Tables&) const = default;
    };

    static std::size_t index(CodeRing ring) { return ring == CodeRing::Ring3; }
    bool find(const CpuState& state, const Segment& segment, DescriptorRecord& found) const;
    void note_ring(CodeRing ring, const CpuState& state, uint16_t real_stack);
    static void write(volatile DescriptorRecord& to, const DescriptorRecord& from);
    static void write(volatile SegmentRecord& to, const DescriptorRecord& descriptor, uint16_t selector, uint16_t real);

    MonitorArea& m_area;
    GuestMemory& m_memory;
    Base m_base;
    Tables m_tables {};
    uint64_t m_time_stamp_offset = 0;
    bool m_empty = true;
    std::array<bool, 2> m_known {}; // the rings that have been noted
    std::array<Segment, 2> m_code {}, m_stack {};
    uint16_t m_records = 0;         // that may be in use: all below
};

}
