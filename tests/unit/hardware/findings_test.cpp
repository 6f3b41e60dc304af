#include "strategies/hardware/findings.hpp"
#include "tests/catch.hpp"

using namespace ringside;

namespace {

using Cpu = HardwareFindings::Cpu;
using Obstacle = KvmSystem::Obstacle;
using Proof = HardwareFindings::Proof;

HardwareFindings good(Cpu cpu)
{
    HardwareFindings findings;
    findings.cpu = cpu;
    findings.proof = Proof::Passed;
    return findings;
}

}

TEST_CASE("KVM on VT-x and KVM on AMD-V are available, and are told apart", "[hardware][probe]")
{
    CHECK(describe(good(Cpu::VtX)).available);
    CHECK(describe(good(Cpu::VtX)).detail == "KVM on VT-x");
    CHECK(describe(good(Cpu::AmdV)).available);
    CHECK(describe(good(Cpu::AmdV)).detail == "KVM on AMD-V");
    CHECK(describe(good(Cpu::AmdV)).remedy == "");
}

TEST_CASE("A host that is a virtual machine itself is said to be one", "[hardware][probe]")
{
    auto findings = good(Cpu::AmdV);
    findings.in_virtual_machine = true;
    CHECK(describe(findings).available);
    CHECK(describe(findings).detail == "KVM on AMD-V, nested: this host is itself a virtual machine");
}

TEST_CASE("Without /dev/kvm the remedy depends on what the CPU has", "[hardware][probe]")
{
    HardwareFindings findings;
    findings.obstacle = Obstacle::NoDevice;
    findings.reason = "there is no /dev/kvm";
    findings.cpu = Cpu::VtX;
    CHECK(describe(findings).detail == "there is no /dev/kvm; the CPU says VT-x");
    CHECK(describe(findings).remedy == "load KVM's module: sudo modprobe kvm_intel");
    findings.cpu = Cpu::AmdV;
    CHECK(describe(findings).remedy == "load KVM's module: sudo modprobe kvm_amd");
    findings.cpu = Cpu::Neither;
    CHECK(describe(findings).remedy == "use a CPU with VT-x or AMD-V, switched on in its firmware set-up");
    findings.in_virtual_machine = true;
    CHECK(describe(findings).remedy == "this host is a virtual machine: whoever runs it may switch on nested virtualization");
    CHECK_FALSE(describe(findings).available);
}

TEST_CASE("Without the right to use /dev/kvm the remedy names the group that has it", "[hardware][probe]")
{
    HardwareFindings findings = good(Cpu::AmdV);
    findings.obstacle = Obstacle::NoPermission;
    findings.reason = "/dev/kvm may not be opened";
    findings.group = "kvm";
    CHECK_FALSE(describe(findings).available);
    CHECK(describe(findings).detail == "/dev/kvm may not be opened");
    CHECK(describe(findings).remedy == "join the group 'kvm': sudo usermod -aG kvm $USER, then log in again");
    findings.group = "";
    CHECK(describe(findings).remedy == "let your user read and write /dev/kvm");
}

TEST_CASE("A KVM without VT-x or AMD-V is named for what it is, whatever it can do", "[hardware][probe]")
{
    HardwareFindings findings;
    findings.modules = "kvm_pvm";
    findings.proof = Proof::NoPaging;
    CHECK_FALSE(describe(findings).available);
    CHECK(describe(findings).detail
        == "/dev/kvm is not backed by VT-x or AMD-V (kvm_pvm): its guests stop when they enable 32-bit paging");
    findings.proof = Proof::Passed;
    CHECK_FALSE(describe(findings).available);
    CHECK(describe(findings).detail
        == "/dev/kvm is not backed by VT-x or AMD-V (kvm_pvm): what it does is not hardware virtualization");
    findings.proof = Proof::Failed;
    findings.failure = "KVM refuses KVM_CREATE_VM: Cannot allocate memory";
    findings.modules = "";
    CHECK(describe(findings).detail
        == "/dev/kvm is not backed by VT-x or AMD-V, and fails: KVM refuses KVM_CREATE_VM: Cannot allocate memory");
}

TEST_CASE("A KVM on AMD-V that cannot run a guest is not available", "[hardware][probe]")
{
    auto findings = good(Cpu::AmdV);
    findings.proof = Proof::NoPaging;
    CHECK_FALSE(describe(findings).available);
    CHECK(describe(findings).detail == "KVM on AMD-V: its guests stop when they enable 32-bit paging");
    findings.proof = Proof::Failed;
    findings.failure = "KVM refuses KVM_CREATE_VM: Device or resource busy";
    CHECK(describe(findings).detail == findings.failure);
    CHECK(describe(findings).remedy == "see the kernel's log");
}

TEST_CASE("An interface that is too old, and any other failure, say so", "[hardware][probe]")
{
    HardwareFindings findings;
    findings.obstacle = Obstacle::OldInterface;
    findings.reason = "/dev/kvm does not speak KVM's interface 12, but 10";
    CHECK(describe(findings).detail == findings.reason);
    CHECK_FALSE(describe(findings).remedy.empty());
    findings.obstacle = Obstacle::Other;
    findings.reason = "/dev/kvm cannot be opened: Too many open files";
    CHECK(describe(findings).detail == findings.reason);
}

TEST_CASE("What is found here is one of the cases, with a reason", "[hardware][probe]")
{
    auto availability = describe(find_hardware());
    CHECK_FALSE(availability.detail.empty());
    CHECK(availability.remedy.empty() == availability.available);
}
