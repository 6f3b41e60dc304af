// The registers of a snapshot for people: what each holds, what that means, and what has changed since the snapshot before.
#pragma once

#include "core/machine/guest_snapshot.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::visualizer {

struct RegisterRow {
    std::string name;
    uint64_t value = 0;
    unsigned bits = 32;
    bool changed = false; // since the snapshot before
    uint64_t before = 0;  // what it held then
    std::string meaning;  // "" when there is nothing to say
};

// One field of a register, drawn as a bit or a few.
struct BitRow {
    unsigned position = 0; // of its lowest bit
    unsigned width = 1;
    std::string name;      // "PG"
    uint32_t value = 0;
    bool changed = false;
    std::string meaning;   // "paging"
};
struct BitsOfRegister {
    RegisterRow row;
    std::vector<BitRow> fields; // the highest first
};

struct SegmentRow {
    std::string name; // "CS", "LDTR"
    Segment segment;
    bool changed = false;
    std::string words; // "code, readable, ring 0, 32 bits, 4 GiB from 0"
};

// `before` may be null: then nothing has changed.
std::vector<RegisterRow> general_registers(const CpuState& now, const CpuState* before);
std::vector<BitsOfRegister> control_registers(const CpuState& now, const CpuState* before); // EFLAGS, CR0, CR3, CR4
std::vector<RegisterRow> system_registers(const CpuState& now, const CpuState* before); // tables, CR2, debug, MSRs
std::vector<SegmentRow> segment_registers(const CpuState& now, const CpuState* before);
// Device by device, matched by name and place with the snapshot before, which may be null.
struct DeviceRows {
    std::string name;
    std::vector<RegisterRow> rows;
};
std::vector<DeviceRows> device_registers(const GuestSnapshot& now, const GuestSnapshot* before);

std::string words_for(const Segment& segment);

// The same as text, a line each; what has changed is marked with '*'.
std::vector<std::string> lines(const std::vector<RegisterRow>& rows);
std::vector<std::string> lines(const std::vector<BitsOfRegister>& registers);
std::vector<std::string> lines(const std::vector<SegmentRow>& segments);
std::vector<std::string> lines(const std::vector<InterruptLineSnapshot>& interrupt_lines);

}
