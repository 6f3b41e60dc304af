#include "core/trace/hardware_exits.hpp"

#include <fmt/format.h>
#include <string_view>

namespace ringside {

namespace {

constexpr uint32_t amd = 1u << 30;
constexpr uint32_t entry_failed = 1u << 31;

struct Reason {
    uint32_t number;
    std::string_view name;
    EventKind kind = EventKind::KernelExit;
};

// SDM 3D table C-1; the instructions of other virtual machines and of enclaves are left out.
constexpr Reason vt_x_reasons[] {
    { 0, "exception or NMI" },
    { 1, "external interrupt", EventKind::HostInterrupt },
    { 2, "triple fault" },
    { 3, "INIT" },
    { 7, "interrupt window" },
    { 8, "NMI window" },
    { 9, "task switch" },
    { 10, "CPUID" },
    { 12, "HLT" },
    { 13, "INVD" },
    { 14, "INVLPG" },
    { 15, "RDPMC" },
    { 16, "RDTSC" },
    { 18, "VMCALL" },
    { 28, "control register" },
    { 29, "debug register" },
    { 30, "port" },
    { 31, "RDMSR" },
    { 32, "WRMSR" },
    { 33, "invalid guest state" },
    { 36, "MWAIT" },
    { 37, "monitor trap flag" },
    { 39, "MONITOR" },
    { 40, "PAUSE" },
    { 41, "machine check" },
    { 46, "GDTR or IDTR" },
    { 47, "LDTR or TR" },
    { 48, "EPT violation", EventKind::HostPageFault },
    { 49, "EPT misconfiguration" },
    { 52, "preemption timer", EventKind::HostInterrupt },
    { 54, "WBINVD" },
    { 55, "XSETBV" },
};

// AMD64 volume 2 table C-1.
constexpr Reason amd_v_reasons[] {
    { 0x41, "#DB" },
    { 0x43, "#BP" },
    { 0x46, "#UD" },
    { 0x47, "#NM" },
    { 0x4D, "#GP" },
    { 0x4E, "#PF", EventKind::HostPageFault }, // without nested paging
    { 0x51, "#AC" },
    { 0x52, "#MC" },
    { 0x60, "host interrupt", EventKind::HostInterrupt },
    { 0x61, "host NMI", EventKind::HostInterrupt },
    { 0x62, "SMI" },
    { 0x63, "INIT" },
    { 0x64, "interrupt window" },
    { 0x65, "CR0 selective write" },
    { 0x6F, "RDPMC" },
    { 0x72, "CPUID" },
    { 0x74, "IRET" },
    { 0x76, "INVD" },
    { 0x77, "PAUSE" },
    { 0x78, "HLT" },
    { 0x79, "INVLPG" },
    { 0x7B, "port" },
    { 0x7C, "MSR" },
    { 0x7D, "task switch" },
    { 0x7F, "shutdown" },
    { 0x81, "VMMCALL" },
    { 0x89, "WBINVD" },
    { 0x8D, "XSETBV" },
    { 0x400, "nested page fault", EventKind::HostPageFault },
};

// EXITCODE 0x00..0x3F: reads of CR0 to CR15, writes of them, then the same of the debug registers.
std::string amd_v_register_access(uint32_t number)
{
    return fmt::format("{} of {}{}", number & 0x10 ? "write" : "read", number & 0x20 ? "DR" : "CR", number & 0xF);
}

const Reason* find(uint32_t code)
{
    uint32_t number = code & ~(amd | entry_failed);
    auto in = [&](const auto& reasons) -> const Reason* {
        for (const auto& reason : reasons) {
            if (reason.number == number)
                return &reason;
        }
        return nullptr;
    };
    return code & amd ? in(amd_v_reasons) : in(vt_x_reasons);
}

}

uint32_t hardware_exit_code(HardwareIsa isa, uint32_t reason)
{
    constexpr uint32_t basic = 0xFFFF;
    if (isa == HardwareIsa::AmdV)
        return amd | (reason & ~(amd | entry_failed));
    return (reason & basic) | (reason & entry_failed);
}

std::string hardware_exit_name(uint32_t code)
{
    uint32_t number = code & ~(amd | entry_failed);
    const auto* reason = find(code);
    std::string name(reason ? reason->name : "");
    if (!reason && code & amd && number < 0x40)
        name = amd_v_register_access(number);
    if (!name.empty())
        name.insert(0, " ");
    auto text = code & amd ? fmt::format("AMD-V {:#x}{}", number, name) : fmt::format("VT-x {}{}", number, name);
    return text + (code & entry_failed ? ", entry failed" : "");
}

EventKind kind_of_hardware_exit(uint32_t code)
{
    const auto* reason = find(code);
    return reason ? reason->kind : EventKind::KernelExit;
}

}
