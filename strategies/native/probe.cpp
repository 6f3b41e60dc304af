#include "strategies/native/probe.hpp"

#include "core/session/confinement.hpp"
#include "strategies/native/ldt.hpp"
#include "strategies/native/window.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/auxv.h>

namespace ringside {

namespace {

constexpr unsigned long user_fsgsbase = 1 << 1; // AT_HWCAP2: RDFSBASE and WRFSBASE work in ring 3

bool built_with_sanitizers()
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#else
    return false;
#endif
}

}

Availability probe_native()
{
    if (built_with_sanitizers())
        return { false, "this build has a sanitizer, whose memory lies where the guest's belongs", "use the release build" };
    if (!(getauxval(AT_HWCAP2) & user_fsgsbase))
        return { false, "the host does not let programs set the base of FS",
            "use a CPU with FSGSBASE and Linux 5.9 or newer, booted without nofsgsbase" };
    if (auto ldt = Ldt::probe(); !ldt)
        return { false, ldt.error().message, ldt.error().hint };
    if (auto obstacle = confinement_obstacle(); !obstacle.empty())
        return { false, "its worker cannot be confined: " + obstacle, "use a kernel with CONFIG_SECCOMP_FILTER" };
    auto window = Window::reserve();
    if (!window)
        return { false, window.error().message, window.error().hint };
    if (window->begin() > 0)
        return { true,
            fmt::format("natively, in ring 3; addresses below {:#x} are emulated (sysctl vm.mmap_min_addr=0, or root)",
                window->begin()),
            "" };
    return { true, "natively, in ring 3", "" };
}

}
