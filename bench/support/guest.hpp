// One run of a bantam workload on one of the machines that are compared, its console lines timed as they arrive.
#pragma once

#include "bench/support/measurement.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ringside {

constexpr unsigned ticks_per_second = 100; // bantam's timer

struct Workload {
    std::string name;
    std::string arguments;         // of the kernel's command line
    std::string module = {};       // a ring-3 program, without ".elf"; empty for a workload of the kernel
    unsigned hertz = ticks_per_second;
    bool may_fail = false;         // its own check of its result may, on some machine
};

enum class Machines : uint8_t {
    Ringside,
    RingsideAgain,     // the same: what two machines that do not differ are measured to differ by
    RingsideRecording, // every event recorded and written to a file in memory
    Qemu,
    Bare,              // bare Unicorn
    RingsideTrap,
    RingsideRewriting,
    RingsideParavirt,
    HostProgram, // the module as a 32-bit program of the host (bench/native_program)
    HostProgramWithSignals, // which gets as many signals as the guest gets timer ticks
};

struct GuestTiming {
    TimedLines lines;
    double until_first_instruction = 0; // seconds from the start of the worker's creation; Ringside only
    uint64_t interrupts = 0;           // taken by the guest in the whole run; Ringside only
    double signals = 0;                // seconds of the whole run that the host's signals took; Ringside only
};

// Where this build's programs and guests are.
std::string build_folder();

Result<GuestTiming> run_guest(Machines machine, const Workload& workload);

}
