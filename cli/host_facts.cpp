#include "cli/host_facts.hpp"

#include "core/session/confinement.hpp"
#include "core/session/descriptor.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace ringside {

namespace {

// The value of the first line "KEY : VALUE" of a file in /proc.
std::string value_in(const char* file, const std::string& key)
{
    std::ifstream in(file);
    std::string line;
    while (std::getline(in, line)) {
        auto colon = line.find(':');
        if (colon == std::string::npos || line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1) != key)
            continue;
        auto begin = line.find_first_not_of(" \t", colon + 1);
        return begin == std::string::npos ? "" : line.substr(begin);
    }
    return "";
}

bool has_word(const std::string& text, const std::string& word)
{
    std::istringstream in(text);
    std::string next;
    while (in >> next) {
        if (next == word)
            return true;
    }
    return false;
}

std::string cpu()
{
    auto model = value_in("/proc/cpuinfo", "model name");
    return fmt::format("{}, {} online", model.empty() ? "unknown" : model, sysconf(_SC_NPROCESSORS_ONLN));
}

std::string virtualization()
{
    auto flags = value_in("/proc/cpuinfo", "flags");
    std::string offer = has_word(flags, "vmx") ? "VT-x" : has_word(flags, "svm") ? "AMD-V" : "neither VT-x nor AMD-V";
    return offer + (has_word(flags, "hypervisor") ? "; this host is itself a virtual machine" : "");
}

std::string kvm()
{
    Descriptor device { open("/dev/kvm", O_RDWR | O_CLOEXEC) };
    if (device)
        return "/dev/kvm can be opened";
    if (errno == ENOENT)
        return "no /dev/kvm";
    return fmt::format("/dev/kvm cannot be opened: {}", std::strerror(errno));
}

std::string kernel()
{
    utsname name {};
    uname(&name);
    return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

std::string distribution()
{
    std::ifstream in("/etc/os-release");
    std::string line;
    while (std::getline(in, line)) {
        if (line.starts_with("PRETTY_NAME=\"") && line.ends_with('"'))
            return line.substr(13, line.size() - 14);
    }
    return "unknown";
}

std::string memory()
{
    struct sysinfo info { };
    sysinfo(&info);
    return fmt::format(
        "{} MiB, available: {}", info.totalram * info.mem_unit >> 20, value_in("/proc/meminfo", "MemAvailable"));
}

// The native strategies want to map the guest's page 0.
std::string lowest_mapping()
{
    std::ifstream in("/proc/sys/vm/mmap_min_addr");
    std::string value = "unknown";
    in >> value;
    return fmt::format("from {} on (vm.mmap_min_addr){}", value, geteuid() == 0 ? "; as root from 0 on" : "");
}

std::string sandbox()
{
    auto obstacle = confinement_obstacle();
    return obstacle.empty() ? "workers are confined by a seccomp filter" : "none: " + obstacle;
}

std::string display()
{
    std::string text;
    for (const char* variable : { "DISPLAY", "WAYLAND_DISPLAY" }) {
        const char* value = std::getenv(variable);
        if (value && *value)
            text += fmt::format("{}{}={}", text.empty() ? "" : ", ", variable, value);
    }
    return text.empty() ? "none" : text;
}

}

std::vector<HostFact> host_facts()
{
    return {
        { "cpu", "CPU", cpu() },
        { "virtualization", "hardware", virtualization() },
        { "kvm", "KVM", kvm() },
        { "kernel", "kernel", kernel() },
        { "distribution", "system", distribution() },
        { "memory", "memory", memory() },
        { "lowest_mapping", "low addresses", lowest_mapping() },
        { "sandbox", "sandbox", sandbox() },
        { "display", "display", display() },
    };
}

}
