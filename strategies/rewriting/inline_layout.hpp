// What inline sequences compare with before they load a segment or change the ring without the monitor: constants of the
// monitor's, which translated code only reads. Written by InlineRecords.
//
// Numbers are kept negated, because a sequence that must not touch the flags compares by adding and asking for zero.
#pragma once

#include <cstdint>

namespace ringside::rewriting {

// A descriptor (SDM 3A figure 3-8, 6-2) in the guest's memory, as it was when it was last used.
struct DescriptorRecord {
    uint32_t address = 0; // linear
    uint32_t minus_low = 0;
    uint32_t minus_high = 0;
};

// A segment that may be loaded: the selector, the descriptor, and the host's selector that plays it.
struct SegmentRecord {
    static constexpr uint32_t no_selector = 0x80000000; // plus any selector is not zero

    uint32_t minus_selector = no_selector;
    DescriptorRecord descriptor {};
    uint32_t selector = 0;
    uint32_t real = 0;
    uint32_t minus_real = 0;
};

// A gate of the interrupt descriptor table, for INT n from ring 3 to ring 0.
struct VectorRecord {
    uint32_t ready = 0;
    DescriptorRecord gate {};
    uint32_t handler = 0;
    uint32_t next_interrupts[3] = {}; // by InterruptCode: IF behind the gate
};

// What CPUID answers to a leaf.
struct CpuidRecord {
    uint32_t known = 0;
    uint32_t minus_leaf = 0;
    uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

// CR0 without TS, and whether the guest may change TS by itself: no translation that is in use depends on it. And what the
// guest's time-stamp counter is ahead of the host's: bits 0 to 15, 16 to 31, 32 to 63.
struct SystemRecord {
    uint32_t ts_is_free = 0;
    uint32_t cr0 = 0;
    uint32_t minus_cr0 = 0;
    uint32_t time_stamp_offset[3] = {};
};

// CS and SS of the rings between which the guest changes, by CodeRing, and where the task-state segment lies.
struct CrossingRecord {
    uint32_t enabled = 0;
    uint32_t tss = 0;
    SegmentRecord code[2];
    SegmentRecord stack[2];
};

}
