#include "strategies/hardware/findings.hpp"

#include "strategies/hardware/paging_proof.hpp"

#include <algorithm>
#include <cpuid.h>
#include <filesystem>
#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>
#include <vector>

namespace ringside {

namespace {

using Cpu = HardwareFindings::Cpu;
using Proof = HardwareFindings::Proof;

// SDM 2A table 3-10: leaf 1 ECX; AMD64 volume 3 appendix E: leaf 80000001h ECX.
Cpu cpu_of_host()
{
    constexpr unsigned vmx = 1 << 5, svm = 1 << 2;
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & vmx))
        return Cpu::VtX;
    if (__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) && (ecx & svm))
        return Cpu::AmdV;
    return Cpu::Neither;
}

bool is_virtual_machine()
{
    constexpr unsigned hypervisor = 1u << 31;
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & hypervisor);
}

std::string modules_of_kvm()
{
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/sys/module", error)) {
        auto name = entry.path().filename().string();
        if (name.starts_with("kvm_"))
            names.push_back(std::move(name));
    }
    std::ranges::sort(names);
    return fmt::format("{}", fmt::join(names, ", "));
}

std::string group_of_device()
{
    struct stat status {};
    constexpr mode_t group_may = S_IRGRP | S_IWGRP;
    if (stat("/dev/kvm", &status) != 0 || (status.st_mode & group_may) != group_may || status.st_gid == 0)
        return "";
    const group* entry = getgrgid(status.st_gid);
    return entry ? entry->gr_name : fmt::format("{}", status.st_gid);
}

const char* name_of(Cpu cpu)
{
    return cpu == Cpu::VtX ? "VT-x" : cpu == Cpu::AmdV ? "AMD-V" : "neither VT-x nor AMD-V";
}

// Where it can be had, and what to do for it.
std::string remedy_for_device(const HardwareFindings& findings)
{
    if (findings.cpu != Cpu::Neither)
        return fmt::format("load KVM's module: sudo modprobe {}", findings.cpu == Cpu::VtX ? "kvm_intel" : "kvm_amd");
    if (findings.in_virtual_machine)
        return "this host is a virtual machine: whoever runs it may switch on nested virtualization";
    return "use a CPU with VT-x or AMD-V, switched on in its firmware set-up";
}

std::string remedy_for_permission(const HardwareFindings& findings)
{
    if (findings.group.empty())
        return "let your user read and write /dev/kvm";
    return fmt::format("join the group '{0}': sudo usermod -aG {0} $USER, then log in again", findings.group);
}

std::string what_it_is(const HardwareFindings& findings)
{
    return findings.modules.empty() ? "" : fmt::format(" ({})", findings.modules);
}

Availability without_extensions(const HardwareFindings& findings)
{
    auto remedy = remedy_for_device(findings);
    if (findings.proof == Proof::NoPaging)
        return { false,
            fmt::format("/dev/kvm is not backed by VT-x or AMD-V{}: its guests stop when they enable 32-bit paging",
                what_it_is(findings)),
            remedy };
    if (findings.proof == Proof::Failed)
        return { false,
            fmt::format("/dev/kvm is not backed by VT-x or AMD-V{}, and fails: {}", what_it_is(findings), findings.failure), remedy };
    return { false,
        fmt::format("/dev/kvm is not backed by VT-x or AMD-V{}: what it does is not hardware virtualization", what_it_is(findings)),
        remedy };
}

}

HardwareFindings find_hardware()
{
    HardwareFindings findings;
    findings.cpu = cpu_of_host();
    findings.in_virtual_machine = is_virtual_machine();
    findings.modules = modules_of_kvm();
    auto opened = KvmSystem::open();
    findings.obstacle = opened.obstacle;
    findings.reason = opened.reason;
    if (opened.obstacle == KvmSystem::Obstacle::NoPermission)
        findings.group = group_of_device();
    if (!opened.system)
        return findings;
    auto enabled = prove_paging(*opened.system);
    if (!enabled)
        findings.failure = enabled.error().message;
    else
        findings.proof = *enabled ? Proof::Passed : Proof::NoPaging;
    return findings;
}

Availability describe(const HardwareFindings& findings)
{
    switch (findings.obstacle) {
    case KvmSystem::Obstacle::None:
        break;
    case KvmSystem::Obstacle::NoDevice:
        return { false, fmt::format("{}; the CPU says {}", findings.reason, name_of(findings.cpu)), remedy_for_device(findings) };
    case KvmSystem::Obstacle::NoPermission:
        return { false, findings.reason, remedy_for_permission(findings) };
    case KvmSystem::Obstacle::OldInterface:
        return { false, findings.reason, "use Linux 2.6.22 or newer" };
    case KvmSystem::Obstacle::Other:
        return { false, findings.reason, "see what holds the device, and the kernel's log" };
    }
    if (findings.cpu == Cpu::Neither)
        return without_extensions(findings);
    if (findings.proof == Proof::NoPaging)
        return { false, fmt::format("KVM on {}: its guests stop when they enable 32-bit paging", name_of(findings.cpu)),
            "see the kernel's log" };
    if (findings.proof == Proof::Failed)
        return { false, findings.failure, "see the kernel's log" };
    return { true,
        fmt::format("KVM on {}{}", name_of(findings.cpu),
            findings.in_virtual_machine ? ", nested: this host is itself a virtual machine" : ""),
        "" };
}

}
