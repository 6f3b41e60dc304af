// What this host has to offer for the strategy `hardware`: found out by looking and by trying, then put into words.
#pragma once

#include "core/machine/strategy.hpp"
#include "strategies/hardware/kvm.hpp"

#include <cstdint>
#include <string>

namespace ringside {

struct HardwareFindings {
    KvmSystem::Obstacle obstacle = KvmSystem::Obstacle::None;
    std::string reason;                    // of the obstacle
    std::string group;                     // that may use /dev/kvm; "" if nobody says so
    enum class Cpu : uint8_t { Neither, VtX, AmdV } cpu = Cpu::Neither; // what the host's processor says that it has
    bool in_virtual_machine = false;       // the processor says that a monitor runs this host
    std::string modules;                   // KVM's in the host's kernel, beside kvm itself: "kvm_amd"; "" if none is seen
    enum class Proof : uint8_t { Passed, NoPaging, Failed } proof = Proof::Failed; // of the small guest that enables paging
    std::string failure;                   // of the proof, where that is an error
};

HardwareFindings find_hardware();
Availability describe(const HardwareFindings& findings);

}
